"""The portal over HTTP, without a browser and without a script: what was sent, in words."""

from __future__ import annotations

import html
import re

from django.http import HttpResponse
from django.test import Client

from prorata.customers.models import User


def person(user: User) -> Client:
    """A browser of `user`, signed in."""
    client = Client()
    client.force_login(user)
    return client


def text(page: HttpResponse) -> str:
    """The words of a page, with plain spaces; what is between tags is one run of text."""
    sent = page.getvalue() if page.streaming else page.content
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", sent.decode(), flags=re.S)
    words = html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ")
    return re.sub(r"\s+([.,:;)])", r"\1", " ".join(words.split()))


def part(page: HttpResponse, id: str) -> str:
    """The words of the element with this id, as far as its own tag reaches."""
    body = page.content.decode()
    found = re.search(rf'<(\w+)[^>]*\bid="{re.escape(id)}"[^>]*>', body)
    assert found, f"no element has the id {id}"
    tag, depth, at = found[1], 1, found.end()
    for step in re.finditer(rf"<(/?){tag}\b[^>]*>", body[at:]):
        depth += -1 if step[1] else 1
        if depth == 0:
            inner = body[at : at + step.start()]
            return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inner)).replace("\u00a0", " ").split())
    raise AssertionError(f"the element {id} is not closed")


def hidden(page: HttpResponse, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, f"no field is called {name}"
    return html.unescape(found[1])
