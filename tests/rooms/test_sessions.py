"""Sessions that have run out are removed; those that let somebody in stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from prorata.clock import machine_now
from prorata.customers.models import User
from prorata.customers.tasks import forget_sessions


@pytest.mark.django_db
def test_only_those_that_have_run_out_are_forgotten() -> None:
    person = User.objects.create_user("aiko@example.com", "a-long-password", name="Aiko")
    for _ in range(2):
        Client().force_login(person)
    old, good = Session.objects.order_by("pk")
    Session.objects.filter(pk=old.pk).update(expire_date=machine_now() - timedelta(seconds=1))
    forget_sessions(timestamp=0)
    assert list(Session.objects.all()) == [good]
