"""What every driver must do, as tests: subclass DriverContract and give the fixtures `driver` and `world`.

The world builds machines at the hypervisor's side and counts what really happened there. A machine of the world has
four components, whose codes differ between hypervisors: see DriverWorld. A driver that is Moving as well passes
MovingContract too.
"""

from __future__ import annotations

from prorata.provisioning.drivers.contract.applying import ApplyingContract
from prorata.provisioning.drivers.contract.calls import finish, new_key, value
from prorata.provisioning.drivers.contract.fencing import FencingContract
from prorata.provisioning.drivers.contract.losing import LosingContract
from prorata.provisioning.drivers.contract.moving import MovingContract, MovingWorld
from prorata.provisioning.drivers.contract.reading import ReadingContract
from prorata.provisioning.drivers.contract.refusing import RefusingContract
from prorata.provisioning.drivers.contract.world import DriverWorld

__all__ = [
    "ApplyingContract",
    "DriverContract",
    "DriverWorld",
    "FencingContract",
    "LosingContract",
    "MovingContract",
    "MovingWorld",
    "ReadingContract",
    "RefusingContract",
    "finish",
    "new_key",
    "value",
]


class DriverContract(ReadingContract, ApplyingContract, RefusingContract, FencingContract, LosingContract):
    """All of it."""
