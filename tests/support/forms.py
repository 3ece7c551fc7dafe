"""Use the desk's forms as a browser without JavaScript does: send what stands in the page, with what was typed."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client
from django.utils.html import strip_tags


class _Forms(HTMLParser):
    """Every form of a page as {name: [values]}; fields tied by a form attribute are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._form: dict[str, list[str]] | None = None
        self._area: str | None = None
        self._select: tuple[str, list[str], list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._form = {}
            self.forms.append(self._form)
        if self._form is None:
            return
        name, kind = a.get("name", ""), a.get("type", "text")
        if tag == "input" and name and kind not in ("submit", "button", "file"):
            if kind not in ("checkbox", "radio") or "checked" in a:
                self._form.setdefault(name, []).append(a.get("value", "on" if kind == "checkbox" else ""))
            else:
                self._form.setdefault(name, [])
        elif tag == "textarea" and name:
            self._area = name
            self._form[name] = [""]
        elif tag == "select" and name:
            self._select = (name, [], [])
        elif tag == "option" and self._select is not None:
            self._select[1 if "selected" in a else 2].append(a.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            self._form[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._area is not None and self._form is not None:
            self._form[self._area][0] = unescape(self._form[self._area][0]).removeprefix("\n")
            self._area = None
        elif tag == "select" and self._select is not None and self._form is not None:
            name, chosen, others = self._select
            self._form[name] = chosen or others[:1]
            self._select = None


def form_of(page: HttpResponse) -> dict[str, list[str]]:
    """The page's main form: the one with the most fields."""
    parser = _Forms()
    parser.feed(page.content.decode())
    return max(parser.forms, key=len)


def send(client: Client, address: str, **typed: Any) -> HttpResponse:
    """Open the page, type, and press its button. None empties a field; unknown fields are a mistake of the test."""
    page = client.get(address, follow=True)
    assert page.status_code == 200, f"{address}: {page.status_code}"
    fields = form_of(page)
    unknown = set(typed) - set(fields)
    assert not unknown, f"{sorted(unknown)} not among {sorted(fields)}"
    for name, value in typed.items():
        fields[name] = [] if value is None else [str(value)]
    target = page.redirect_chain[-1][0] if getattr(page, "redirect_chain", None) else address
    body = urlencode([(name, value) for name, values in fields.items() for value in values])
    return client.post(target, body, content_type="application/x-www-form-urlencoded")


def words(page: HttpResponse) -> str:
    """What the main part of a page says, as one line of text."""
    main = page.content.decode().partition('id="main"')[2]
    spoken = re.sub(r"<(script|style)\b.*?</\1>", " ", main, flags=re.DOTALL)
    return " ".join(unescape(strip_tags(spoken)).split())


def problems(page: HttpResponse) -> str:
    """The errors a form page shows, for the message of a failed assertion."""
    lists = re.findall(
        r'class="[^"]*errorlist[^"]*".*?</ul>|class="errornote.*?</(?:div|p)>',
        page.content.decode(),
        re.DOTALL,
    )
    return "; ".join(" ".join(strip_tags("<" + one).split()) for one in lists)
