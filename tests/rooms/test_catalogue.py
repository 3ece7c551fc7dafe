"""The living catalogue: each page is drawn, nothing is written, and no component of the portal is missing in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from prorata import portal
from prorata.customers.models import User
from prorata.language import html_language
from prorata.portal.catalogue.pages import PAGES
from support.portal import part, person

ROOT = Path(portal.__file__).parent
ADDRESSES = ["/catalogue", *(f"/catalogue/{slug}" for slug in PAGES)]
# What is not drawn as a page of its own, and why.
NOT_SHOWN = {
    "portal/parts/change_answer.html": "an answer to a script: change_state.html, which is shown, and what is said of it",
    "portal/parts/estimate_answer.html": "an answer to a script: estimate.html and the feet of the cards, which are shown",
    "portal/parts/estimate_too_often.html": "an answer to a script: the note of estimate.html, shown there in other words",
    "portal/parts/invoice_answer.html": "an answer to a script: invoice_state.html, which is shown, and what is said of it",
    "portal/parts/review_answer.html": "an answer to a script: review.html, which is shown, and what is said of it",
    "allauth/layouts/manage.html": "the layout of another package's pages; it is allauth/layouts/base.html, which is shown",
}
CLASSES_NOT_SHOWN = {"demo": "whom one can sign in as: only in a demo, where the page of signing in shows it"}


@pytest.fixture
def looker(db: None) -> Client:
    return person(User.objects.create_user("ken@example.com", "a-long-password", name="Ken", is_staff=True))


@pytest.fixture
def pages(looker: Client) -> list[HttpResponse]:
    """Every page of the catalogue, drawn; conftest.py holds each against the HTML standard."""
    return drawn(looker)


def drawn(looker: Client) -> list[HttpResponse]:
    with connection.execute_wrapper(reading_only):
        found = [looker.get(address) for address in ADDRESSES]
    assert {page.wsgi_request.path: page.status_code for page in found if page.status_code != 200} == {}
    return found


def reading_only(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
    assert sql.startswith("SELECT"), f"a page of the catalogue writes: {sql[:200]}"
    return execute(sql, *more)


def test_no_template_and_no_class_is_missing(pages: list[HttpResponse]) -> None:
    shown = {template.name for page in pages for template in page.templates}
    known = {str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html")}
    assert known - shown == set(NOT_SHOWN), "show it in src/prorata/portal/catalogue, or say why not"

    shown = set(classes_of("".join(page.content.decode() for page in pages)))
    scripts = "".join(path.read_text() for path in (ROOT / "static/portal/js").glob("*.js"))
    missing = {
        name
        for path in (ROOT / "static/portal/css").glob("*.css")
        for name in styled(path.read_text())
        if name not in shown and not re.search(rf"""["']{re.escape(name)}["']""", scripts)
    }
    assert missing == set(CLASSES_NOT_SHOWN), "show it in src/prorata/portal/catalogue, or say why not"


def classes_of(html: str) -> Iterator[str]:
    for value in re.findall(r'class="([^"]*)"', html):
        yield from value.split()


def styled(css: str) -> set[str]:
    """The names of the classes in a style sheet."""
    plain = re.sub(r"/\*.*?\*/|\"[^\"]*\"|url\([^)]*\)", "", css, flags=re.DOTALL)
    return {
        name for rule in re.findall(r"([^{}]*)\{", plain) for name in re.findall(r"\.([a-z][\w-]*)", rule)
    }


@pytest.mark.prove
@pytest.mark.parametrize("language", ["ja", "zh-hans"])
def test_the_other_languages(looker: Client, language: str) -> None:
    looker.cookies["language"] = language
    assert all(f'<html lang="{html_language(language)}"' in page.content.decode() for page in drawn(looker))


def test_it_is_for_staff_and_only_where_no_money_is_real(looker: Client, settings: Settings) -> None:
    customer = person(User.objects.create_user("aiko@example.com", "a-long-password", name="Aiko"))
    for address in ("/catalogue", "/catalogue/change-mixed"):
        assert customer.get(address).status_code == 404
        assert Client().get(address).status_code == 302
        settings.PRORATA_SANDBOXES_ALLOWED = False
        assert looker.get(address).status_code == 404
        settings.PRORATA_SANDBOXES_ALLOWED = True
    assert looker.get("/catalogue/nothing").status_code == 404


def test_prices_in_it_are_worked_out(looker: Client) -> None:
    """No figure of the estimate is made up: CPU cores 2 to 4 for 3 + 16/30 months at 20 % off, as in a real change."""
    mixed = looker.get("/catalogue/change-mixed")
    assert part(mixed, "line-cpu") == "¥3,392"
    # Backup generations 7 to 4: of the ¥8,820 paid for them 3/7 come back for 107 days of 183, less than the formula's.
    assert part(mixed, "line-backups") == "−¥2,210"
