"""Documents as PDF: three languages, always the same bytes, for those who may see them, whatever people are called."""

from __future__ import annotations

import io
import re
import time
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from prorata.customers.models import Customer, User
from prorata.invoices.models import CreditNote, Invoice, Seller
from prorata.invoices.paper.of_invoice import invoice_content
from prorata.invoices.paper.pdf import credit_note_pdf, invoice_pdf
from prorata.invoices.paper.read import printable_credit_notes, printable_invoices
from prorata.invoices.paper.words import LANGUAGES, Language
from prorata.payments.look import look
from prorata.services.models import Service
from support.world import World

REGISTRATION = "T5835678256246"


@pytest.fixture
def web(world: World) -> Service:
    """15 August: memory 4 to 8 is paid by card, and backups 7 to 4 come back."""
    world.open("2026-06-01T08:00+09:00")
    Seller.objects.update(address="1-1 Marunouchi\nTokyo", country="JP", tax_number=REGISTRATION)
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    world.change(web, backups=4)
    world.work()
    return web


def text(pdf: bytes) -> str:
    """All text of all pages; ideographs are read back with spaces between, which say nothing."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return re.sub(r"\s+", " ", " ".join(pages)).replace("\u00a0", " ")


def invoice(language: Language = "en") -> bytes:
    return invoice_pdf(printable_invoices().get(status="paid"), language)


def note(language: Language = "en") -> bytes:
    return credit_note_pdf(printable_credit_notes().get(), language)


def test_an_invoice_says_all_an_accountant_looks_for(web: Service) -> None:
    said = text(invoice())
    for words in (
        "Invoice INV-000001", "Qualified invoice (Japan)", "Bestnet K.K.", "1-1 Marunouchi",
        f"Registration number {REGISTRATION}",
        "Tanaka Design", "Date 15 Aug 2026", "Transaction date 15 Aug 2026", "Service web-01", "Memory 4 → 8 GB",
        "1,800 to 3,600 a month, 20 % off, for 3.5333 months", "15 Aug 2026 to 1 Dec 2026", "Amount (JPY)", "Subtotal 5,088",
        "Consumption tax 10 % 508", "Total JPY 5,596", "Paid −5,596", "To pay 0", "Consumption tax 10 % 5,088 508 5,596",
        "Amounts in Japanese Yen (JPY).", "Page 1 of 1",
    ):  # fmt: skip
        assert words in said, (words, said)


def test_a_japanese_invoice_has_the_fields_of_a_qualified_invoice(web: Service) -> None:
    """Issuer and registration number, transaction date, what was sold, base and tax per rate, recipient."""
    said = text(invoice("ja")).replace(" ", "")
    for words in (
        "請求書", "適格請求書", "INV-000001", "BestnetK.K.", f"登録番号{REGISTRATION}", "取引年月日2026年8月15日",
        "TanakaDesign様", "Memory4→8GB", "月額1,800→3,600、20%割引、3.5333か月分", "税率ごとの合計",
        "消費税（10%）5,0885085,596",
        "合計JPY5,596", "1/1ページ",
    ):  # fmt: skip
        assert words in said, (words, said)


def test_a_chinese_invoice_is_chinese(web: Service) -> None:
    said = text(invoice("zh-hans")).replace(" ", "")
    for words in (
        "账单INV-000001",
        f"登记号{REGISTRATION}",
        "交易日期2026年8月15日",
        "消费税（10%）508",
        "合计JPY5,596",
        "第1页，共1页",
    ):
        assert words in said, (words, said)


def test_a_credit_note_names_what_it_gives_back_and_of_when(web: Service) -> None:
    said = text(note())
    for words in (
        "Credit note CN-000001", "Qualified return invoice (Japan)", "Date of return 15 Aug 2026",
        "Original transaction 1 Jun 2026, no invoice here", "Reason resources were reduced", "Backup generations 7 → 4",
        "what was paid for it and is not used yet", "there is no invoice for it here", "Subtotal 2,210",
        "Consumption tax 10 % 221",
        "Given back JPY 2,431", "as account credit 2,431",
    ):  # fmt: skip
        assert words in said, (words, said)
    japanese = text(note("ja")).replace(" ", "")
    for words in (
        "返還請求書",
        "適格返還請求書",
        "返還年月日2026年8月15日",
        "元の取引年月日2026年6月1日（当社の請求書なし）",
        "返還額合計JPY2,431",
    ):
        assert words in japanese, (words, japanese)


def test_what_is_not_paid_is_a_pro_forma(world: World, web: Service) -> None:
    change = world.change(web, disk=160)
    assert change.invoice is not None
    asked = printable_invoices().get(pk=change.invoice.pk)
    said = text(invoice_pdf(asked, "en"))
    assert f"Pro-forma invoice {asked.reference}" in said
    assert (
        "This is not a tax invoice yet. The legal number comes with the payment. Pay until 15 Aug 2026 15:02 JST."
        in said
    )
    assert "Qualified" not in said
    assert "Total JPY 3,731 Paid from account credit −2,431 To pay 1,300" in said
    world.wait(hours=2)
    said = text(invoice_pdf(printable_invoices().get(pk=asked.pk), "en"))
    assert "Expired. Nothing is to be paid, and this is not a tax invoice." in said
    assert "To pay 0" in said
    assert "Paid from account credit" not in said, "it is free again"


def test_what_came_for_an_invoice_that_expired_did_not_pay_it(world: World, web: Service) -> None:
    """2026-11-26: 1,000 by card and 2,431 of credit are the customer's again, and the PDF does not say otherwise."""
    change = world.change(web, disk=160)
    assert change.invoice is not None
    attempt = world.checkout(change)
    world.gateway.settings(capture_amount_minor=1_000)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    look(attempt.pk)
    open_ = printable_invoices().get(pk=change.invoice.pk)
    assert "Paid from account credit −2,431 Paid −1,000 To pay 300" in text(invoice_pdf(open_, "en"))
    world.wait(hours=2)
    assert world.credit() == 3_431
    for language in LANGUAGES:
        closed = invoice_content(printable_invoices().get(pk=open_.pk), language)
        assert [amount for _name, amount in closed.payments] == ["0"], closed.payments
    said = text(invoice_pdf(printable_invoices().get(pk=open_.pk), "en"))
    assert "Nothing was taken" not in said


def test_the_same_document_has_the_same_bytes_and_its_own_date(world: World, web: Service) -> None:
    """Whenever it is asked for: its file says the day of the document, and nothing of the day it was made."""
    for make in (invoice, note):
        for language in LANGUAGES:
            first = make(language)
            assert first[:8] == b"%PDF-1.7"
            world.at("2026-09-20T10:00+09:00")
            assert make(language) == first
            assert PdfReader(io.BytesIO(first)).metadata.creation_date.date() == datetime(2026, 8, 15).date()  # type: ignore[union-attr]


def test_every_font_is_in_the_file(web: Service) -> None:
    for language in LANGUAGES:
        for page in PdfReader(io.BytesIO(invoice(language))).pages:
            fonts: Any = page["/Resources"]["/Font"]
            assert len(fonts) >= 2
            for font in fonts.values():
                inside = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
                assert "Noto" in inside["/FontName"]
                assert {"/FontFile2", "/FontFile3"} & set(inside), inside["/FontName"]


@pytest.mark.parametrize(
    "name",
    [
        '#let x = 1; #panic("a")', '"; #read("/etc/passwd")', "\\ \\\\ \\n *b* _i_ `r` $x^2$ <l> @ref [c] {d} // e /* f */",
        "Tanaka\r\nDesign\u2028K.K.", "\u202eevil\u2066 \u0007", "شركة تاناكا للتصميم", "סטודיו טנקה",
        "田中設計 😀🎉👨‍👩‍👧", "e\u0301" * 90,
        "m" * 200, "<script>alert(1)</script>", "{page} {pages} {name}", "&amp; %s %(x)s",
    ],
)  # fmt: skip
def test_whatever_people_are_called_is_printed_as_text(world: World, name: str) -> None:
    world.open("2026-06-01T08:00+09:00")
    Seller.objects.update(name=name, address=f"{name}\n" * 3, tax_number=name[:40])
    Customer.objects.update(name=name, address=f"{name} " * (5_000 // len(name) + 1), tax_number=name[:40])
    web = world.service(paid=34_188, name=name[:80])
    world.at("2026-08-15T14:02+09:00")
    change = world.change(web, memory=8)
    assert change.invoice is not None
    paper = printable_invoices().get(pk=change.invoice.pk)
    for language in LANGUAGES:
        said = text(invoice_pdf(paper, language))
        assert "root:" not in said
        assert "5,596" in said
        for word in re.findall("[A-Za-z]{2,20}", name):
            assert word in said, (word, language)


def test_five_thousand_letters_stay_on_the_page(world: World) -> None:
    """A word without a place to break is broken: nothing leaves the page, and the sums follow on a later one."""
    world.open("2026-06-01T08:00+09:00")
    Customer.objects.update(address="x" * 5_000 + "\n" + "字" * 5_000)
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    change = world.change(web, memory=8)
    assert change.invoice is not None
    pdf = invoice_pdf(printable_invoices().get(pk=change.invoice.pk), "en")
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 2
    assert sum(page.extract_text().count("x") for page in pages) >= 5_000
    assert f"Page {len(pages)} of {len(pages)}" in text(pdf)
    lines = [
        line for page in pages for line in page.extract_text().splitlines() if "x" * 9 in line or "字" in line
    ]
    assert len(lines) > 200
    assert max(len(line) for line in lines) < 60


def test_only_those_who_may_see_it_get_it(world: World, web: Service, client: Client) -> None:
    found, credit = Invoice.objects.get(), CreditNote.objects.get()
    addresses = [
        reverse("portal:invoice_pdf", args=[found.reference]), reverse("portal:credit_note_pdf", args=[credit.number]),
    ]  # fmt: skip
    for address in addresses:
        assert client.get(address).status_code == 302, "sign in first"
    _customer, stranger = world.new_customer("Suzuki", "suzuki@example.com")
    client.force_login(stranger)
    for address in addresses:
        assert client.get(address).status_code == 404
        assert client.post(address).status_code in (404, 405)
    client.force_login(world.owner)
    for address, page in zip(addresses, ("invoice", "credit_note"), strict=True):
        answer = client.get(address)
        assert (answer.status_code, answer["Content-Type"], answer["Content-Language"]) == (
            200,
            "application/pdf",
            "en",
        )
        assert answer["Content-Disposition"].startswith('inline; filename="')
        shown = client.get(
            reverse(f"portal:{page}", args=[found.reference if page == "invoice" else credit.number])
        )
        assert f'href="{address}"' in shown.content.decode()
        assert f'href="{address}?lang=ja"' in shown.content.decode()


def test_the_language_is_the_persons_or_the_one_asked_for(world: World, web: Service, client: Client) -> None:
    client.force_login(world.owner)
    address = reverse("portal:invoice_pdf", args=[Invoice.objects.get().reference])
    User.objects.filter(pk=world.owner.pk).update(language="zh-hans")
    assert client.get(address)["Content-Language"] == "zh-hans"
    asked = client.get(address, {"lang": "ja"})
    assert asked["Content-Language"] == "ja"
    assert asked["Content-Disposition"] == 'inline; filename="INV-000001-ja.pdf"'
    assert client.get(address, {"lang": "fr"})["Content-Language"] == "zh-hans"
    User.objects.filter(pk=world.owner.pk).update(language="fr")
    assert client.get(address)["Content-Language"] == "en"


def test_staff_with_the_right_get_it_from_the_desk(world: World, web: Service, client: Client) -> None:
    found = Invoice.objects.get()
    address = reverse("admin:invoices_invoice_pdf", args=[found.pk])
    other = User.objects.create_user("nobody@example.com", "a-long-password", is_staff=True)
    client.force_login(other)
    assert client.get(address).status_code == 403
    client.force_login(User.objects.create_superuser("ken@example.com", "a-long-password"))
    page = client.get(reverse("admin:invoices_invoice_change", args=[found.pk])).content.decode()
    assert f"{address}?lang=ja" in page
    assert client.get(address, {"lang": "ja"})["Content-Language"] == "ja"
    for name, pk in (("creditnote", CreditNote.objects.get().pk), ("invoice", found.pk)):
        assert client.get(reverse(f"admin:invoices_{name}_pdf", args=[pk])).status_code == 200
    assert client.get(reverse("admin:invoices_invoice_pdf", args=[99])).status_code == 404


def test_a_page_takes_little(web: Service) -> None:
    """Processor time, once the fonts are known: measured about 20 ms; ten times that would be a mistake."""
    invoice()
    begun = time.process_time()
    for language in LANGUAGES:
        invoice(language)
    assert time.process_time() - begun < 3 * 0.2
