"""Rooms are tested on the same small provider as the stories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from prorata.customers.models import User
from stories.conftest import gateway_process, hypervisor_process, shared_gateway, world
from support import html_checker

__all__ = ["gateway_process", "hypervisor_process", "shared_gateway", "world"]


@pytest.fixture(autouse=True)
def valid_html(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever page of the portal a test asks for is valid HTML. The desk is another's: its frame is Unfold's."""
    if html_checker.missing():  # test_html_checker.py says so
        yield
        return
    sent: dict[str, str] = {}
    send = Client.request

    def request(client: Client, **asked: Any) -> HttpResponse:
        page = send(client, **asked)
        if page.get("Content-Type", "").startswith("text/html") and page.content and not of_the_desk(page):
            html = page.content.decode()
            name = f"{asked['REQUEST_METHOD']} {asked['PATH_INFO']} ({len(sent) + 1}, {page.status_code})"
            sent[name] = html if html.lstrip().startswith("<!") else html_checker.whole(html)
        return page

    monkeypatch.setattr(Client, "request", request)
    yield
    assert html_checker.mistakes(sent) == []


def of_the_desk(page: HttpResponse) -> bool:
    return page.wsgi_request.path.startswith("/staff/")


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
