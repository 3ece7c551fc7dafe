"""The main job, seen by a customer: from the slider to a bigger machine, and back to credit.

Every figure on every page is held against an independent calculation, whatever day it is.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE, papers, today, web_01
from browser.oracle import Books, Figures
from browser.papers import Paid, Papers
from browser.walk import (
    FOR_AGES,
    credit_of,
    have,
    log,
    measured,
    pay_with,
    read_mail,
    steps_until_applied,
    takes,
)
from browser.wording import day_text
from support.browser import NewVisitor, Visitor
from support.installation import Installation
from support.sandboxes import DECLINED

pytestmark = pytest.mark.browser


def test_up_by_card_down_to_credit_and_both_at_once(demo: Installation, visitor: NewVisitor) -> None:
    takes(demo, FOR_AGES)
    aiko = visitor()
    aiko.open("/")
    aiko.shot("a01-sign-in")
    aiko.click("button", "aiko@example.com")
    expect(aiko.page.get_by_role("heading", level=1)).to_have_text("Services")
    books = web_01(demo)
    page = papers(aiko, books)

    upgrade(demo, aiko, books, page)
    gifted = downgrade(demo, aiko, books, page)
    mixed(demo, aiko, books, page, gifted)


def upgrade(demo: Installation, aiko: Visitor, books: Books, page: Papers) -> None:
    """CPU 2 to 3, memory 4 to 8, disk 100 to 120: by button, by key and by typing; declined, then paid."""
    aiko.shot("a02-services")
    aiko.click("link", "web-01")
    assert have(aiko) == ["2", "4 GB", "100 GB", "7", "2"]
    expect(aiko.page.locator("#monthly")).to_have_text("¥7,400")
    aiko.shot("a03-resources")
    aiko.click("link", "Upgrade / Downgrade")
    aiko.shot("a04-change")

    memory = aiko.page.get_by_role("slider", name="Memory")
    memory.focus()
    memory.press("ArrowRight")
    page.expect_estimate(books.price({"memory": 6}, today(demo)))
    memory.press("ArrowRight")
    expect(memory).to_have_attribute("aria-valuetext", "8\u00a0GB, 4 more than now")
    page.expect_estimate(books.price({"memory": 8}, today(demo)))
    aiko.page.get_by_role("button", name="More: CPU cores").click(click_count=1)
    aiko.page.get_by_role("button", name="More: CPU cores").click()
    page.expect_estimate(books.price({"memory": 8, "cpu": 4}, today(demo)))
    aiko.page.get_by_role("button", name="Less: CPU cores").click()
    aiko.page.get_by_label("NVMe SSD", exact=True).first.fill("120")
    figures = books.price({"cpu": 3, "memory": 8, "disk": 120}, today(demo))
    page.expect_estimate(figures)
    expect(aiko.page.locator("#said")).to_contain_text(f"Due today {figures.gross:,} Japanese yen.")
    aiko.shot("a05-estimate")

    aiko.page.locator("#continue").click()
    pay_by_card(demo, aiko, page, figures)
    books.apply(figures, gifted=1_500)
    after_the_upgrade(demo, aiko, books, page, figures)


def pay_by_card(demo: Installation, aiko: Visitor, page: Papers, figures: Figures) -> None:
    """The split with and without gifted credit, Submit, the invoice, Checkout, a card that is declined, one that is not."""
    expect(aiko.page.get_by_role("heading", level=1)).to_have_text("Review and pay")
    page.expect_review(figures, gifted=1_500)
    gifted = aiko.page.get_by_role("checkbox", name="Gifted credit")
    gifted.uncheck()
    page.expect_review(figures)
    aiko.shot("a06-review-without-credit")
    aiko.page.get_by_role("checkbox", name="Gifted credit").check()
    page.expect_review(figures, gifted=1_500)
    expect(aiko.page.locator("input[name=method]:checked")).to_have_count(0)
    aiko.page.get_by_role("radio", name="Credit card").check()
    aiko.shot("a07-review")
    aiko.page.locator("#submit").click()

    paid = Paid(gifted=1_500, card=figures.gross - 1_500)
    expect(aiko.page).to_have_url(re.compile("/invoices/"))
    page.expect_invoice(figures, paid, open_=True)
    expect(aiko.page.locator("#available-credit b")).to_have_text("¥0")
    aiko.shot("a08-invoice")
    assert measured(demo, MACHINE) == {"cpu": 2, "memory": 4, "disk": 100, "backups": 7, "snapshots": 2}
    invoice = aiko.path
    aiko.open(f"{invoice}/checkout")
    page.expect_checkout(figures, paid)
    expect(aiko.page.get_by_role("radio", name="Credit card")).to_be_checked()
    aiko.shot("a09-checkout")
    aiko.open(invoice)
    aiko.click("button", f"Pay Now! {page.money(paid.card)} with Credit card")

    aiko.page.wait_for_url(f"{demo.gateway.url}/**")
    page.expect_gateway(paid)
    aiko.shot("a10-gateway")
    pay_with(aiko, DECLINED)
    expect(aiko.page.get_by_role("alert")).to_contain_text("Nothing was taken.")
    page.expect_gateway(paid)
    aiko.shot("a11-declined")
    assert measured(demo, MACHINE)["memory"] == 4
    pay_with(aiko)
    expect(aiko.page).to_have_url(re.compile("/changes/"))


def after_the_upgrade(
    demo: Installation, aiko: Visitor, books: Books, page: Papers, figures: Figures
) -> None:
    """Each step is seen live; then Resources shows what is measured at the machine, and the old end date."""
    paid = Paid(gifted=1_500, card=figures.gross - 1_500)
    steps = steps_until_applied(demo, aiko, "a12")
    assert {"CPU cores 2 to 3", "Memory 4 to 8 GB", "NVMe SSD 100 to 120 GB"} <= set(steps)
    page.expect_lines(figures)
    page.expect_paid_change(figures, paid)
    reference = aiko.path.rpartition("/")[2]
    aiko.shot("a13-result")
    aiko.click("link", "Invoice INV-000001")
    page.expect_invoice(figures, paid, open_=False)
    aiko.shot("a14-invoice-paid")

    aiko.click("link", "Services")
    aiko.click("link", "web-01")
    assert measured(demo, MACHINE) == {"cpu": 3, "memory": 8, "disk": 120, "backups": 7, "snapshots": 2}
    assert have(aiko) == ["3", "8 GB", "120 GB", "7", "2"]
    expect(aiko.page.locator("#monthly")).to_have_text(page.price(figures.monthly_after))
    assert f"Your term ends on {day_text(books.ends)}, 08:00 JST" in aiko.text("main")
    aiko.shot("a15-resources-after")
    mail = read_mail(aiko, "web-01: CPU cores 2→3, Memory 4→8 GB, NVMe SSD 100→120 GB – done")
    assert reference in mail
    for minor in (figures.net, figures.tax, figures.gross, paid.gifted, paid.card, *figures.amounts.values()):
        assert page.mail_money(minor) in mail
    aiko.shot("a16-mail")


def downgrade(demo: Installation, aiko: Visitor, books: Books, page: Papers) -> int:
    """Memory 8 to 6 of what was just bought, backups 7 to 5 of what was sold first. The machine is busy for a while: only
    when it has shrunk is there credit. Returns what of it is gifted."""
    aiko.open("/services")
    aiko.click("link", "web-01")
    aiko.click("link", "Upgrade / Downgrade")
    page.choose("backups", 5)
    memory = aiko.page.get_by_role("slider", name="Memory")
    memory.focus()
    memory.press("ArrowLeft")
    figures = books.price({"memory": 6, "backups": 5}, today(demo))
    assert figures.gross < 0
    assert figures.gifted_back > 0
    page.expect_estimate(figures)
    aiko.shot("a20-estimate-down")
    aiko.page.locator("#continue").click()
    page.expect_review(figures)
    aiko.shot("a21-review-down")

    demo.hypervisor.busy(MACHINE, "backup")
    aiko.page.locator("#submit").click()
    expect(aiko.page.locator("#headline")).to_have_text("Waiting for the machine")
    aiko.shot("a22-parked")
    expect(aiko.page.locator("#available-credit b")).to_have_text("¥0")
    assert measured(demo, MACHINE)["memory"] == 8
    reference = aiko.path.rpartition("/")[2]
    demo.hypervisor.not_busy(MACHINE)
    steps = steps_until_applied(demo, aiko, "a23")
    assert {"Memory 8 to 6 GB", "Backup generations 7 to 5", "Credit booked"} <= set(steps)
    assert (measured(demo, MACHINE)["memory"], measured(demo, MACHINE)["backups"]) == (6, 5)
    credit = -figures.gross
    expect(aiko.page.locator("#available-credit b")).to_have_text(page.money(credit))
    expect(aiko.page.locator("#returned")).to_have_text(page.money(credit))
    page.expect_lines(figures)
    aiko.shot("a24-result-down")
    aiko.click("link", "Credit note CN-000001")
    page.expect_credit_note(figures)
    aiko.shot("a25-credit-note")
    books.apply(figures)

    aiko.page.locator("#available-credit").click()
    newest = log(aiko)[:2]
    assert all(line[0].startswith("Resources were reduced") and reference in line[0] for line in newest)
    assert {line[1:] for line in newest} == {
        ("Account credit", page.money(figures.cash_back, plus=True), page.money(figures.cash_back)),
        ("Gifted credit", page.money(figures.gifted_back, plus=True), page.money(figures.gifted_back)),
    }
    aiko.shot("a26-credit")
    aiko.page.locator("main tbody").get_by_role("link", name=reference).first.click()
    expect(aiko.page).to_have_url(re.compile(f"/changes/{reference}$"))
    mail = read_mail(aiko, f"web-01: credit of {page.mail_money(credit)} booked (CN-000001)")
    for minor in (-figures.net, -figures.tax, credit, figures.cash_back, figures.gifted_back):
        assert page.mail_money(minor) in mail
    aiko.shot("a27-mail-credit")
    return figures.gifted_back


def mixed(demo: Installation, aiko: Visitor, books: Books, page: Papers, gifted: int) -> None:
    """CPU 3 to 4 and snapshots 2 to 1, paid by credit alone: the machine shrinks before it grows."""
    account = credit_of(aiko) - gifted
    done_before = len(demo.hypervisor.operations(MACHINE))
    aiko.open("/services")
    aiko.click("link", "web-01")
    aiko.click("link", "Upgrade / Downgrade")
    page.choose("snapshots", 1)
    aiko.page.get_by_role("button", name="More: CPU cores").click()
    figures = books.price({"cpu": 4, "snapshots": 1}, today(demo))
    assert 0 < figures.gross < gifted + account, "the day makes this change dearer than the credit"
    page.expect_estimate(figures)
    aiko.shot("a30-estimate-mixed")
    aiko.page.locator("#continue").click()
    from_account = figures.gross - gifted
    page.expect_review(figures, gifted=gifted, account=from_account)
    left = page.money(account - from_account)
    assert f"After this your account credit is {left}." in aiko.text("#review .notes")
    aiko.shot("a31-review-mixed")
    aiko.page.locator("#submit").click()
    steps_until_applied(demo, aiko, "a32")
    page.expect_lines(figures)
    page.expect_paid_change(figures, Paid(gifted=gifted, account=from_account))
    books.apply(figures, gifted=gifted)
    aiko.shot("a33-result-mixed")

    journal = demo.hypervisor.operations(MACHINE)
    effects = [
        (line["component"], line["target"])
        for line in journal[: len(journal) - done_before]
        if line["effect"]
    ]
    assert effects == [("cpu", 4), ("snapshots", 1)], "newest first: it shrank before it grew"
    expect(aiko.page.locator("#available-credit b")).to_have_text(left)
    aiko.click("link", "Invoice INV-000002")
    page.expect_invoice(figures, Paid(gifted=gifted, account=from_account), open_=False)
    aiko.page.locator("#available-credit").click()
    assert {line[2:] for line in log(aiko)[:2]} == {
        (page.money(-gifted), page.money(0)), (page.money(-from_account), left),
    }  # fmt: skip
    aiko.shot("a34-credit-after-all")
    aiko.open("/services")
    aiko.click("link", "web-01")
    assert have(aiko) == ["4", "6 GB", "120 GB", "5", "1"]
    assert measured(demo, MACHINE) == {"cpu": 4, "memory": 6, "disk": 120, "backups": 5, "snapshots": 1}
