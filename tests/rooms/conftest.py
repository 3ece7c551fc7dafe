"""Rooms are tested on the same small provider as the stories."""

from __future__ import annotations

import pytest
from django.test import Client

from prorata.customers.models import User
from stories.conftest import gateway_process, hypervisor_process, shared_gateway, shared_hypervisor, world

__all__ = ["gateway_process", "hypervisor_process", "shared_gateway", "shared_hypervisor", "world"]


@pytest.fixture
def staff(db: None) -> Client:
    """The desk as a superuser has it."""
    return _signed_in("ken@example.com", is_staff=True, is_superuser=True)


def _signed_in(email: str, **rights: bool) -> Client:
    client = Client()
    client.force_login(
        User.objects.create_user(email, "a-long-password", name=email.partition("@")[0], **rights)
    )
    return client
