"""The settings of a worker that counts the points at which it could die, and stands still at chosen ones."""

from __future__ import annotations

from support.impatient_settings import *  # noqa: F403
from support.impatient_settings import INSTALLED_APPS as BEFORE

INSTALLED_APPS = [*BEFORE, "support.dying_app.Dying"]
PRORATA_DRIVERS = {"sandbox": "support.dying.driver"}
