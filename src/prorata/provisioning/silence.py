"""Machines that do not answer: remembered, so that they are asked less often and pages do not wait for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from prorata import clock
from prorata.provisioning.models import Silence
from prorata.services.models import Service

# The longest pause is shorter than a reading is believed: a hypervisor that is back is known again soon.
FIRST, LONGEST = timedelta(minutes=1), timedelta(minutes=10)


def fell_silent(service: Service, reason: str) -> None:
    """It was asked and gave no answer: twice as long a pause as the last one."""
    now = clock.now()
    before = Silence.objects.filter(service=service).first()
    tries = before.tries + 1 if before else 1
    again = {"tries": tries, "ask_again_at": now + _pause(service, tries), "reason": reason[:300]}
    Silence.objects.update_or_create(service=service, defaults=again, create_defaults={"since": now, **again})


def _pause(service: Service, tries: int) -> timedelta:
    """Three to five quarters of it, by the service's number: those that fell silent together are not asked together."""
    quarters = 3 + (service.pk * 37 % 100) / 50
    return min(FIRST * 2 ** min(tries - 1, 10), LONGEST) * quarters / 4


def answered(service: Service) -> None:
    Silence.objects.filter(service=service).delete()


def is_left_alone(service: Service, now: datetime) -> bool:
    """Whether it did not answer lately and is to be asked later."""
    return Silence.objects.filter(service=service, ask_again_at__gt=now).exists()
