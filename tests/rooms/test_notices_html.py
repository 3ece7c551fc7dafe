"""The HTML half of a mail is drawn from its text: the same words, nothing trusted, nothing loaded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.core import mail as outbox
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from prorata.notices.html import as_html
from prorata.notices.models import Mail
from prorata.notices.plain import table
from prorata.services.models import Service
from support.world import World

VOID = {"meta", "br"}


class Reader(HTMLParser):
    """The words of a page, the cells of its tables, its links, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.links, self.open, self.rows = "", [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        if "td" in self.open:
            self.rows[-1][-1] += data


def test_a_table_is_a_table_and_the_first_link_a_button() -> None:
    lines = table([("Memory", "4 GB", "→", "8 GB"), ("NVMe SSD", "100 GB", "→", "160 GB")])
    read = Reader(
        as_html(
            "done",
            f"It is done.\n\nWhat changed\n{lines}\n\nSee it:\nhttps://x.example/changes/C-1\n\nOr https://x.example/?a=1&b=2.",
        )
    )
    assert read.rows == [["Memory", "4 GB", "→", "8 GB"], ["NVMe SSD", "100 GB", "→", "160 GB"]]
    assert read.links[0] == "https://x.example/changes/C-1"
    assert read.links[1].startswith("https://x.example/?a=1&b=2")


def test_nothing_of_the_text_is_markup() -> None:
    page = as_html(
        "<b>subject",
        '<script>alert(1)</script> "&"\n\n  <i>cell   </td><script>   1\n\nhttps://x.example/"><script>',
    )
    assert "<script" not in page
    assert "<i>" not in page
    read = Reader(page)
    assert read.open == []
    assert '<script>alert(1)</script> "&"' in read.words


@given(
    st.text(
        alphabet=st.characters(blacklist_categories=["Cs", "Cc"], whitelist_characters="\n"), max_size=200
    )
)
def test_every_word_is_there_in_its_order(text: str) -> None:
    read = Reader(as_html("subject", text))
    assert read.open == []
    body = read.words.partition("subject")[2].partition("subject")[2]
    assert re.sub(r"\s", "", body) == re.sub(r"\s", "", text)


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def test_every_mail_goes_out_in_both_forms(world: World, web: Service) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    assert outbox.outbox
    for message in outbox.outbox:
        ((drawn, kind),) = message.alternatives
        assert kind == "text/html"
        assert re.sub(r"\s", "", message.body) == re.sub(
            r"\s", "", Reader(drawn).words.partition(message.subject)[2].partition(message.subject)[2]
        )
    done = next(m for m in outbox.outbox if change.reference in m.subject)
    assert ["Memory", "4 GB", "→", "8 GB"] in Reader(done.alternatives[0][0]).rows


def test_staff_see_it_as_it_was_sent(world: World, web: Service, admin_client: Client) -> None:
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    mail = Mail.objects.get(key=f"change.applied:{change.reference}")
    page = admin_client.get(f"/staff/notices/mail/{mail.pk}/change/").content.decode()
    assert re.search(r'<iframe class="desk-mail" sandbox title="[^"]+" srcdoc="&lt;!doctype html&gt;', page)
