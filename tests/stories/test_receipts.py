"""Each capture has a receipt: as a page, as a PDF in three languages, in the list and its file, and in one mail."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from pypdf import PdfReader
from pytest_django import Settings

from prorata.changes.cancel import cancel
from prorata.changes.models import Change
from prorata.changes.pay import start_paying
from prorata.credit.models import LogLine
from prorata.invoices.models import Seller
from prorata.invoices.paper.words import LANGUAGES, Language
from prorata.notices import tasks
from prorata.notices.models import Mail
from prorata.payments.bank.allocate import to_invoice
from prorata.payments.bank.take_back import take_back
from prorata.payments.look import look
from prorata.payments.models import Capture, PaymentAttempt
from prorata.payments.paper.download import receipt_pdf
from prorata.payments.receipts import captures, receipt
from prorata.services.models import Service
from support.bank import ACTOR, Entry, bank_account, line, statement
from support.portal import part, person, text
from support.sandboxes import DECLINED, FAILS_LATER, SETTLES_LATER
from support.world import World


@pytest.fixture
def web(world: World, settings: Settings) -> Service:
    settings.PRORATA_BASE_URL = "https://portal.example.com"
    found = world.web_01("2026-08-15T14:02+09:00")
    Seller.objects.update(address="1-1 Marunouchi\nTokyo", country="JP", tax_number="T5835678256246")
    return found


@pytest.fixture
def change(world: World, web: Service) -> Change:
    """Memory 4 to 8, submitted: 5,596 is due within the hour."""
    return world.change(web, memory=8)


def the_page(world: World) -> Any:
    return person(world.owner).get(f"/receipts/{Capture.objects.get().pk}")


def printed(language: Language = "en") -> str:
    """All text of the PDF of the only receipt."""
    pdf = receipt_pdf(receipt(captures().get()), language)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert len(pages) == 1
    return re.sub(r"\s+", " ", " ".join(pages)).replace("\u00a0", " ")


def mails(kind: str) -> list[Mail]:
    return list(Mail.objects.filter(key__startswith=kind).order_by("id"))


# --- what it says -------------------------------------------------------------------------------------------


def test_a_payment_of_just_what_was_due(world: World, change: Change) -> None:
    world.pay(change)
    world.work()
    page = the_page(world)
    capture = Capture.objects.get()
    number = f"R-{capture.pk:06d}"
    assert f"Receipt {number} Received 15 Aug 2026, 14:02 JST" in text(page)
    assert (part(page, "to-invoice"), part(page, "received")) == ("¥5,596", "¥5,596")
    assert "This confirms a payment. It is not a tax document: the tax is on invoice INV-000001." in text(
        page
    )
    said = printed()
    for words in (
        f"Receipt {number}", "Bestnet K.K.", "Received from Tanaka Design", "Received 15 Aug 2026", "Method Credit card",
        "Invoice INV-000001", "Service web-01", f"Change {change.reference}", f"Payment reference {capture.capture_id}",
        "It is not a tax document: the tax is on invoice INV-000001.", "What it went to Amount (JPY)",
        "Invoice INV-000001 5,596", "Received JPY 5,596", "Page 1 of 1",
    ):  # fmt: skip
        assert words in said, (words, said)
    for words in ("Consumption tax", "10 %", "508", "Qualified"):
        assert words not in said, "no figure of tax stands on what is no tax document"


def test_it_is_printed_in_japanese_and_chinese(world: World, change: Change) -> None:
    world.pay(change)
    japanese = printed("ja").replace(" ", "")
    for words in (
        "領収書",
        "TanakaDesign様",
        "入金日2026年8月15日",
        "請求書INV-0000015,596",
        "税務書類ではありません",
        "入金額JPY5,596",
    ):
        assert words in japanese, (words, japanese)
    chinese = printed("zh-hans").replace(" ", "")
    for words in (
        "收据",
        "收款日期2026年8月15日",
        "账单INV-0000015,596",
        "不是税务单据",
        "实收金额JPY5,596",
    ):
        assert words in chinese, (words, chinese)


def test_the_same_receipt_has_the_same_bytes(world: World, change: Change) -> None:
    world.pay(change)
    one = receipt(captures().get())
    for language in LANGUAGES:
        first = receipt_pdf(one, language)
        assert first[:8] == b"%PDF-1.7"
        world.at("2026-09-20T10:00+09:00")
        assert receipt_pdf(one, language) == first


def test_more_than_was_due_goes_to_the_invoice_and_to_credit(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=6_000)
    world.pay(change)
    page = the_page(world)
    assert (part(page, "to-invoice"), part(page, "to-credit"), part(page, "received")) == (
        "¥5,596",
        "¥404",
        "¥6,000",
    )
    assert f"#line-{LogLine.objects.get(what='surplus').pk}" in page.content.decode()
    assert "Account credit More was paid than was due. 404" in printed()
    assert "the invoice, and ¥404 account credit" in text(person(world.owner).get("/payments"))


def test_money_that_came_too_late_went_to_credit(world: World, change: Change) -> None:
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    cancel(world.owner, change.reference)
    page = the_page(world)
    assert (part(page, "to-credit"), part(page, "received")) == ("¥5,596", "¥5,596")
    assert 'id="to-invoice"' not in page.content.decode()
    assert "It came when nothing was due any more." in text(page)
    assert "the tax is on invoice" not in text(page), "there is no invoice with tax"
    assert "Account credit It came when nothing was due any more. 5,596" in printed()


def test_a_part_that_came_back_says_when(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=3_000)
    world.pay(change)
    assert part(the_page(world), "to-invoice") == "¥3,000"
    world.wait(minutes=66)
    page = the_page(world)
    assert (part(page, "to-invoice"), part(page, "received")) == ("¥3,000", "¥3,000")
    assert (
        "The invoice was closed before it was covered; this became account credit on 15 Aug 2026, 15:08 JST."
        in text(page)
    )
    assert "this became account credit on 15 Aug 2026." in printed()
    assert "account credit, because the invoice was closed" in text(person(world.owner).get("/payments"))


def test_money_in_another_currency_is_held(world: World, change: Change) -> None:
    world.gateway.settings(capture_currency="USD")
    world.pay(change)
    page = the_page(world)
    assert (part(page, "held"), part(page, "received")) == ("$55.96", "$55.96")
    assert "Received USD 55.96" in printed()


def test_a_transfer_that_was_assigned_by_mistake_counts_no_more(world: World, change: Change) -> None:
    bank_account(world.seller)
    assert change.invoice is not None
    start_paying(world.owner, change.invoice, "bank_transfer")
    statement(Entry(amount=5_000, text="server", name="Suzuki Works"))
    first = to_invoice(line(), change.invoice.pk, actor=ACTOR)
    page = the_page(world)
    assert (part(page, "to-invoice"), part(page, "received")) == ("¥5,000", "¥5,000")
    assert "Method Bank transfer" in printed()
    assert 'id="taken-back"' not in page.content.decode()
    world.at("2026-08-16T09:00+09:00")
    take_back(first.pk, shown_debt_minor=0, reason="It was from Suzuki Works.", actor=ACTOR)
    said = part(the_page(world), "taken-back")
    assert said.startswith("Taken back on 16 Aug 2026, 09:00 JST")
    assert "This receipt does not count any more." in said
    assert "Taken back on 16 Aug 2026: the transfer had been assigned here by mistake." in printed()
    assert "taken back: assigned by mistake" in text(person(world.owner).get("/payments"))


# --- where it is found --------------------------------------------------------------------------------------


def test_it_is_listed_on_the_invoice_on_the_change_and_among_the_payments(
    world: World, change: Change
) -> None:
    world.pay(change)
    world.work()
    aiko, address = person(world.owner), f"/receipts/{Capture.objects.get().pk}"
    assert change.invoice is not None
    for page in (f"/invoices/{change.invoice.reference}", f"/changes/{change.reference}", "/payments"):
        assert f'href="{address}"' in aiko.get(page).content.decode(), page
    pdf = aiko.get(f"{address}/pdf?lang=ja")
    assert (pdf["Content-Type"], pdf["Content-Language"]) == ("application/pdf", "ja")
    assert re.fullmatch(r'inline; filename="R-\d{6}-ja.pdf"', pdf["Content-Disposition"])


def test_the_list_is_of_days_and_is_taken_along(world: World, change: Change) -> None:
    """One payment on 15 August, one on the 16th at ten past midnight in Tokyo, which is the 15th in Greenwich."""
    world.pay(change)
    world.work()
    world.at("2026-08-16T00:10+09:00")
    world.gateway.settings(capture_amount_minor=2_000)
    world.pay(world.change(change.service, snapshots=3))
    aiko = person(world.owner)
    assert [row[:2] for row in rows(aiko.get("/payments.csv"))] == [
        ["Received", "Receipt"], ["2026-08-16T00:10:00+09:00", number(0)], ["2026-08-15T14:02:00+09:00", number(1)],
    ]  # fmt: skip
    first = rows(aiko.get("/payments.csv?until=2026-08-15"))[1:]
    assert [row[2:10] for row in first] == [
        ["INV-000001", "Credit card", "5596", "JPY", "5596", "0", "0", "the invoice"]
    ]
    for query, shown, gone in (("since=2026-08-16", 0, 1), ("until=2026-08-15", 1, 0)):
        page = text(aiko.get(f"/payments?{query}"))
        assert number(shown) in page
        assert number(gone) not in page
    assert "Nothing was received on these days." in text(aiko.get("/payments?since=2026-08-17"))
    assert number(0) in text(aiko.get("/payments?since=yesterday")), "nonsense is no filter"


def number(nth: int) -> str:
    return f"R-{Capture.objects.order_by('-id')[nth].pk:06d}"


def rows(answer: Any) -> list[list[str]]:
    assert isinstance(answer, StreamingHttpResponse)
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_without_payments_the_list_says_what_will_stand_there(world: World, web: Service) -> None:
    assert "No payments yet" in text(person(world.owner).get("/payments"))


# --- one mail a change of state -------------------------------------------------------------------------------


def test_a_payment_is_told_once_with_its_receipt(world: World, change: Change) -> None:
    attempt = world.pay(change)
    look(attempt.pk)
    world.work()
    tasks.payment_received(id=Capture.objects.get().pk)
    (told,) = mails("payment.")
    assert (told.to, told.subject) == (
        "aiko@example.com",
        "We received your payment of 5,596 JPY (INV-000001)",
    )
    assert "The invoice is paid." in told.body
    assert f"https://portal.example.com/receipts/{Capture.objects.get().pk}" in told.body


def test_a_part_is_told_with_the_rest_and_its_deadline(world: World, change: Change) -> None:
    world.gateway.settings(capture_amount_minor=3_000)
    world.pay(change)
    world.work()
    (told,) = mails("payment.")
    assert "2,596 JPY are still to be paid until 15 Aug 2026, 15:02 Asia/Tokyo." in told.body


@pytest.mark.parametrize("amount", [6_000, None])
def test_what_became_credit_is_one_mail_too(world: World, change: Change, amount: int | None) -> None:
    """A surplus, and money that came after the change was cancelled: the mail about the credit has the receipt."""
    attempt = world.checkout(change)
    world.gateway.settings(capture_amount_minor=amount)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    if amount is None:
        cancel(world.owner, change.reference)
    look(attempt.pk)
    world.work()
    (told,) = mails("payment.")
    assert told.key.startswith("payment.late:")
    assert f"https://portal.example.com/receipts/{Capture.objects.get().pk}" in told.body


def test_money_that_is_held_is_told(world: World, change: Change) -> None:
    world.gateway.settings(capture_currency="USD")
    world.pay(change)
    world.work()
    (told,) = mails("payment.")
    assert "It is kept apart, and our staff decide with you what becomes of it." in told.body


def test_of_a_term_the_mail_that_it_is_paid_has_the_receipt(world: World, web: Service) -> None:
    term = world.renew(web, 6)
    world.pay(term)
    world.work()
    assert not mails("payment.")
    (told,) = mails("term.paid")
    assert f"https://portal.example.com/receipts/{Capture.objects.get().pk}" in told.body


def test_a_payment_that_fails_later_is_told_once_with_what_to_do(world: World, change: Change) -> None:
    attempt = world.pay(change, FAILS_LATER)
    world.work()
    assert not mails("payment."), "with the bank: nothing is known yet"
    world.gateway.settle(attempt.gateway_ref)
    for _ in range(2):
        look(attempt.pk)
        world.work()
    (told,) = mails("payment.")
    assert change.invoice is not None
    assert told.subject == f"Your payment of 5,596 JPY failed, nothing was taken ({change.invoice.reference})"
    assert "The bank sent the payment back." in told.body
    assert "Pay again, in the same way or another, until 15 Aug 2026, 15:02 Asia/Tokyo." in told.body
    assert f"https://portal.example.com/invoices/{change.invoice.reference}" in told.body


def test_a_payment_that_never_arrived_is_told(world: World, change: Change) -> None:
    world.gateway.fault(call="create")
    person(world.owner).post(f"/invoices/{change.invoice.reference}/checkout", {"method": "card"})  # type: ignore[union-attr]
    world.wait(minutes=2)
    assert PaymentAttempt.objects.get().state == "failed"
    (told,) = mails("payment.")
    assert told.key.startswith("payment.failed:")


def test_a_card_that_is_refused_while_the_page_is_open_is_no_mail(world: World, change: Change) -> None:
    world.pay(change, DECLINED)
    world.work()
    assert not mails("payment.")


def test_a_failure_is_not_told_when_another_payment_came_first(world: World, change: Change) -> None:
    attempt = world.pay(change, FAILS_LATER)
    world.gateway.settle(attempt.gateway_ref)
    look(attempt.pk)
    world.pay(change)
    world.work()
    assert [one.key.partition(":")[0] for one in mails("payment.")] == ["payment.received"]


def test_what_settles_slowly_is_told_when_it_is_there(world: World, change: Change) -> None:
    attempt = world.pay(change, SETTLES_LATER)
    world.gateway.settle(attempt.gateway_ref)
    look(attempt.pk)
    world.work()
    assert [one.key.partition(":")[0] for one in mails("payment.")] == ["payment.received"]
