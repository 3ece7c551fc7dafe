"""Every screen of the portal in every state, for every reader: three languages, two themes, three widths; forced colours, a
window at 400 %, no motion, wide spacing. A seeded sample on every run, all of it in ./prove."""

from __future__ import annotations

import os
import random
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import expect
from pytest_django import Settings

from browser.looking import LANGUAGES, THEMES, WIDTHS, Looker
from browser.screens import SCREENS, Screen
from browser.stage import Stage
from prorata.customers.models import User
from support import html_checker
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
# Screens drawn for a run of ./test, by this seed, and those that have most to go wrong.
SEED, DRAWN = 7, 3
ALWAYS = ("change-up", "review")


@pytest.fixture
def stage(installed: Installation, demo_files: Path, settings: Settings) -> Stage:
    """The demo without its worker; what is signed here is believed there."""
    settings.SECRET_KEY = installed.environment["PRORATA_SECRET_KEY"]
    installed.environment["PRORATA_MODE"] = "demo"
    (installed.home / "static").symlink_to(demo_files)
    installed.load_demo_data()
    installed.start(worker=False)
    return Stage(installed)


class Walk:
    """Goes to screens as whoever looks at them there, in each language, and looks in every way."""

    def __init__(self, stage: Stage, visitor: NewVisitor) -> None:
        self.stage, self.new = stage, visitor
        self.lookers: dict[str, Looker] = {}

    def to(self, screen: Screen, languages: tuple[str, ...]) -> Looker:
        """Look at one screen in each of the languages; in the last one, in the other ways too."""
        path = screen.path(self.stage)
        look = self.lookers.get(screen.who) or self.lookers.setdefault(screen.who, Looker(self.new()))
        for language in languages:
            name = f"{screen.name}-{language}"
            self.open(screen, path, look.visitor, language)
            look.words(name, language)
            for width in WIDTHS:
                for theme in THEMES:
                    look.way(name, width, theme)
            look.leave()
        for way in (look.forced_colours, look.at_400_percent, look.still, look.spaced):
            way(name)
        look.leave()
        look.usual()
        return look

    def open(self, screen: Screen, path: str, visitor: Visitor, language: str) -> None:
        """As a person whose profile names the language, or a stranger whose browser kept it."""
        visitor.page.set_viewport_size({"width": 1280, "height": 900})
        User.objects.update(language=language)
        cookies = {"language": language, **self.signed_in(screen.who)}
        visitor.context.add_cookies([{"name": n, "value": v, "url": visitor.url} for n, v in cookies.items()])
        if screen.instead is not None:
            answer = screen.instead(self.stage, language)
            visitor.page.route(
                visitor.url + path,
                lambda route: route.fulfill(
                    status=answer.status_code, headers=dict(answer.headers), body=answer.content
                ),
                times=1,
            )
        visitor.open(path, status=screen.status)
        visitor.page.evaluate("document.fonts.ready")
        if screen.then is not None:
            screen.then(visitor)

    def signed_in(self, who: str) -> dict[str, str]:
        """The cookie of somebody who has given the password just now."""
        if who == "nobody":
            return {}
        client, person = Client(), getattr(self.stage, who)
        client.force_login(person)
        session = client.session
        for name, value in {
            "account_authentication_methods_user": str(person.pk),
            "account_authentication_methods": [
                {"method": "password", "at": time.time(), "reauthenticated": True},
                {"method": "mfa", "at": time.time(), "reauthenticated": True},
            ],
        }.items():
            session[name] = value
        if who == "viewer":
            session["staff_view"] = self.stage.viewed()
        session.save()
        return {name: client.cookies[name].value for name in ("prorata_session",)}

    def mistakes(self) -> list[str]:
        """Everything that was seen, and what the Nu HTML checker says of the pages where it is here."""
        lookers = self.lookers.values()
        pages = {name: html for look in lookers for name, html in look.pages.items()}
        if html_checker.missing():
            print(f"{len(pages)} pages were not checked: {html_checker.missing()}")
            pages = {}
        return [one for look in lookers for one in look.mistakes] + html_checker.mistakes(pages)


def test_a_sample_of_the_screens(stage: Stage, visitor: NewVisitor) -> None:
    walk, drawn = Walk(stage, visitor), random.Random(SEED)
    others = sorted(set(SCREENS) - set(ALWAYS))
    languages = list(LANGUAGES)
    for name in (*ALWAYS, *drawn.sample(others, DRAWN)):
        drawn.shuffle(languages)
        walk.to(SCREENS[name], (languages[0],))
    assert not (found := walk.mistakes()), "\n".join(found)


@pytest.mark.prove
def test_every_screen(stage: Stage, visitor: NewVisitor) -> None:
    """PRORATA_ONLY='review*,invoice-paid' narrows it to the screens that are called so."""
    walk, began = Walk(stage, visitor), time.monotonic()
    only = os.environ.get("PRORATA_ONLY", "*").split(",")
    names = [name for name in SCREENS if any(fnmatch(name, one) for one in only)]
    for name in names:
        try:
            walk.to(SCREENS[name], tuple(LANGUAGES))
        except Exception as gone:
            import traceback

            traceback.print_exc()
            walk.lookers.setdefault("lost", Looker(visitor())).note(
                name, type(gone).__name__, [str(gone)[:400]]
            )
        print(f"{time.monotonic() - began:6.0f} s  {name}", flush=True)
    looks = sum(look.looks for look in walk.lookers.values())
    print(f"{len(names)} screens, {looks} looks, {time.monotonic() - began:.0f} s")
    assert not (found := walk.mistakes()), "\n".join(found)


def test_light_and_dark_are_chosen_and_kept(demo: Installation, aiko: Visitor) -> None:
    """The button in the top menu turns the page over, and the next page is as chosen."""
    body = aiko.page.locator("body")

    def background() -> str:
        return str(body.evaluate("(one) => getComputedStyle(one).backgroundColor"))

    light = background()
    aiko.click("button", "Light or dark")
    expect(body).not_to_have_css("background-color", light)
    dark = background()
    aiko.click("link", "Invoices")
    expect(aiko.page).to_have_url(f"{aiko.url}/invoices")
    expect(body).to_have_css("background-color", dark)
    aiko.click("button", "Light or dark")
    expect(body).to_have_css("background-color", light)
