"""What the desk shows is what its reader may do: nothing shown leads to a refusal, and what is not shown is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.test import Client
from django.urls import URLPattern, resolve, reverse

from prorata.customers.models import User
from prorata.customers.staff_view import RIGHT as VIEW_AS_CUSTOMER
from support.every_kind import every_kind
from support.world import World

DESK = reverse("admin:index")
# From each kind of page so many links to another kind are followed: those beside them are alike.
MOST_OF_A_KIND = 2
NOTHING = Q(pk=None)
EVERYTHING_TO_LOOK_AT = Q(codename__startswith="view_") & ~Q(codename="view_as_customer")
ROLES = {
    "looks at everything": EVERYTHING_TO_LOOK_AT,
    "reads changes": Q(codename="view_change"),
    "answers customers": Q(content_type__app_label__in=["support", "guides", "notices"]),
    "counts money": Q(content_type__app_label__in=["invoices", "payments", "bank", "recognition"]),
    "gives credit": Q(content_type__app_label="credit"),
    "sets prices": Q(content_type__app_label="catalog"),
    "sells": Q(content_type__app_label="services") | Q(codename__endswith="soldterm"),
    "knows customers": Q(content_type__app_label="customers"),
    "keeps machines": Q(content_type__app_label__in=["drift", "provisioning"]) | Q(codename="change_change"),
}


SAMPLE = ["reads changes", "answers customers", "gives credit", "knows customers", "keeps machines"]
ONLY_LOOK = ("replay", "to_measure")


class Way(NamedTuple):
    """Where a link or the form of a button leads."""

    method: str
    address: str


class _Ways(HTMLParser):
    """The links of a page, and its forms that have a button."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.found, self._form = page, list[Way](), Way("", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a" and said.get("href"):
            self._add("get", said["href"] or "")
        elif tag == "form":
            self._form = Way((said.get("method") or "get").lower(), said.get("action") or "")
        elif (
            tag in ("button", "input")
            and said.get("type", "submit") == "submit"
            and self._form.method == "post"
        ):
            self._add("post", self._form.address)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = Way("", "")

    def _add(self, method: str, address: str) -> None:
        whole = urlsplit(urljoin(self.page, address))
        if not whole.netloc and whole.path.startswith(DESK) and whole.path != reverse("admin:logout"):
            self.found.append(Way(method, whole.path + (f"?{whole.query}" if whole.query else "")))


@pytest.fixture
def everything(world: World) -> World:
    every_kind(world)
    return world


def signed_in(rights: Q, email: str = "clerk@example.com") -> Client:
    """A member of staff with these rights and no others."""
    person, _made = User.objects.get_or_create(email=email, is_staff=True)
    person.user_permissions.set(Permission.objects.filter(rights))
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize(
    "roles", [pytest.param(SAMPLE, id="some"), pytest.param([*ROLES], id="all", marks=pytest.mark.prove)]
)
def test_no_link_and_no_button_leads_to_a_refusal(
    roles: list[str], everything: World, subtests: pytest.Subtests
) -> None:
    for role in roles:
        with subtests.test(role):
            opened, refused = walk(signed_in(ROLES[role]))
            assert refused == []
            assert len(opened) > 1


def walk(client: Client) -> tuple[list[Way], list[str]]:
    """Go wherever the desk leads; what was opened, and what was refused with the page that led there."""
    ahead, seen, of_a_kind = [(DESK, Way("get", DESK))], set[Way](), Counter[tuple[str, str, str]]()
    opened, refused = list[Way](), list[str]()
    while ahead:
        came_from, way = ahead.pop(0)
        kind = (_view(came_from), way.method, _view(way.address))
        if way in seen or of_a_kind[kind] == MOST_OF_A_KIND:
            continue
        seen.add(way)
        of_a_kind[kind] += 1
        opened.append(way)
        answer = client.get(way.address, follow=True) if way.method == "get" else client.post(way.address)
        if answer.status_code == 403:
            refused.append(f"{came_from} shows {way.method} {way.address}")
        elif way.method == "get" and answer.get("Content-Type", "").startswith("text/html"):
            here = answer.redirect_chain[-1][0] if answer.redirect_chain else way.address
            page = _Ways(here)
            page.feed(answer.content.decode())
            ahead += [(here, one) for one in page.found]
    return opened, refused


def _view(address: str) -> str:
    return resolve(urlsplit(address).path).view_name


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_not_shown_is_refused_all_the_same(method: str, db: None, subtests: pytest.Subtests) -> None:
    nobody, looks = signed_in(NOTHING, "new@example.com"), signed_in(EVERYTHING_TO_LOOK_AT)
    pages = dict(guarded_pages())
    assert "changes.change_change" in pages.values()
    for address, right in pages.items():
        with subtests.test(address):
            assert getattr(nobody, method)(address).status_code == 403
            if ".view_" not in right or right == VIEW_AS_CUSTOMER:
                assert getattr(looks, method)(address).status_code == 403


def guarded_pages() -> Iterator[tuple[str, str]]:
    """The desk's own pages, with the right that each demands; which row does not matter, as the right is asked first."""
    example = {"int": 1, "uuid": UUID(int=1), "slug": "retry"}
    for desk in admin.site._registry.values():
        for pattern in desk.get_urls():
            if isinstance(pattern, URLPattern) and (right := getattr(pattern.callback, "permission", "")):
                words = re.findall(r"<(\w+):(\w+)>", str(pattern.pattern))
                yield (
                    reverse(f"admin:{pattern.name}", kwargs={name: example[kind] for kind, name in words}),
                    right,
                )


def test_actions_without_the_right_are_refused_at_once(db: None, subtests: pytest.Subtests) -> None:
    looks = signed_in(EVERYTHING_TO_LOOK_AT)
    for desk in admin.site._registry.values():
        for name in (*desk.actions_list, *desk.actions_detail):
            page = f"admin:{desk.opts.app_label}_{desk.opts.model_name}_{name}"
            with subtests.test(page):
                args = [1] if name in desk.actions_detail else []
                rights = getattr(getattr(desk, name), "allowed_permissions", ())
                assert all(_exists(desk, right) for right in rights)
                asks_for_more = bool(rights)
                assert asks_for_more or name in ONLY_LOOK
                answer = looks.get(reverse(page, args=args))
                assert (answer.status_code == 403) == asks_for_more


def _exists(desk: admin.ModelAdmin, right: str) -> bool:
    """A right of Django's by its full name, or the desk's own `has_…_permission`."""
    app, _dot, codename = right.rpartition(".")
    if app:
        return Permission.objects.filter(content_type__app_label=app, codename=codename).exists()
    return hasattr(desk, f"has_{codename}_permission")
