"""E-invoices of a seller in the Union: valid by schema and rules, in the PDF, and only where all is known."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from facturx import get_facturx_xml_from_pdf, xml_check_xsd
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader

from prorata.catalog.models import PriceBook, Product, Rate, ResourceType
from prorata.changes import states
from prorata.changes.models import Change
from prorata.customers.models import Customer
from prorata.invoices import einvoice
from prorata.invoices.einvoice.amounts import _line, _net
from prorata.invoices.einvoice.applies import applies
from prorata.invoices.einvoice.cii import einvoice_xml
from prorata.invoices.models import CreditNote, Invoice, Seller
from prorata.invoices.paper.pdf import credit_note_pdf, invoice_pdf
from prorata.invoices.paper.read import printable_credit_notes, printable_invoices
from prorata.invoices.paper.words import LANGUAGES
from prorata.services.models import Service
from support.schematron import broken_rules
from support.world import World

NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
SETTLED = "//ram:ApplicableHeaderTradeSettlement"


def sold(world: World, *, included: bool) -> Service:
    """Memory at 4.90 EUR a month and slots at 0.10, 20 % VAT, of an Austrian seller to a German customer."""
    world.open("2026-06-01T08:00+09:00", rounding="half_up")
    Seller.objects.update(
        name="Donau Hosting GmbH", address="Ring 1\n1010 Wien", country="AT", tax_number="ATU13585627"
    )
    Customer.objects.update(
        name="Blumen & Töchter <GmbH>", address="Hof 2\nHinterhaus\n80331 München\nBayern",
        country="DE", tax_number="DE136695976"
    )  # fmt: skip
    begin = world.clock.now() - timedelta(days=1)
    product: Product = world.product("eu-box", "EU-BOX", begin, Decimal("0.20"))
    book = PriceBook.objects.create(product=product, currency="EUR", starts_at=begin, tax_included=included)
    for position, (code, monthly) in enumerate((("memory", "4.90"), ("slots", "0.10"))):
        kind = ResourceType.objects.create(
            product=product, code=code, name=code.title(), minimum=1, maximum=50, position=position
        )
        Rate.objects.create(price_book=book, resource_type=kind, monthly=Decimal(monthly))
    box = world.service(
        {"memory": 4, "slots": 10}, paid=8_652, name="box-01", currency="EUR", product=product
    )
    world.at("2026-09-01T10:00+09:00")
    return box


@pytest.fixture
def box(world: World) -> Service:
    return sold(world, included=False)


def done(world: World, service: Service, *, voucher: str = "", **wanted: int) -> Change:
    change = world.change(service, voucher=voucher, **wanted)
    if change.status == states.AWAITING_PAYMENT:
        world.pay(change)
    world.work()
    return world.reread(change)


def invoice(number: str = "INV-000001") -> Invoice:
    return printable_invoices().get(number=number)


def note() -> CreditNote:
    return printable_credit_notes().latest("pk")


class Read:
    """The XML as a reader sees it: one text, or all of them."""

    def __init__(self, xml: bytes) -> None:
        self.xml, self.root = xml, etree.fromstring(xml)

    def all(self, path: str) -> list[str]:
        return [found.text for found in self.root.xpath(path, namespaces=NAMES)]

    def __call__(self, path: str) -> str:
        (found,) = self.all(path)
        return found


def valid(paper: Invoice | CreditNote) -> Read:
    xml = einvoice_xml(paper)
    assert xml_check_xsd(xml, flavor="factur-x", level="en16931")
    assert broken_rules(xml) == []
    return Read(xml)


def test_an_invoice_of_several_lines(world: World, box: Service) -> None:
    """Memory 4 to 8: 19.60 x 3 x 0.80 = 47.04; slots 10 to 15: 0.50 x 3 x 0.80 = 1.20. VAT 20 % of 48.24 is 9.65."""
    done(world, box, memory=8, slots=15)
    xml = valid(invoice())
    assert xml("//rsm:ExchangedDocument/ram:ID") == "INV-000001"
    assert xml("//rsm:ExchangedDocument/ram:TypeCode") == "380"
    assert xml("//rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString") == "20260901"
    assert xml("//ram:SellerTradeParty/ram:Name") == "Donau Hosting GmbH"
    assert xml("//ram:SellerTradeParty//ram:SpecifiedTaxRegistration/ram:ID") == "ATU13585627"
    assert xml("//ram:BuyerTradeParty/ram:Name") == "Blumen & Töchter <GmbH>"
    assert xml("//ram:BuyerTradeParty//ram:LineThree") == "80331 München, Bayern"
    assert xml("//ram:BuyerTradeParty//ram:CountryID") == "DE"
    assert xml.all("//ram:SpecifiedTradeProduct/ram:Name") == ["Memory 4 → 8", "Slots 10 → 15"]
    assert xml.all("//ram:LineTotalAmount") == ["47.04", "1.20", "48.24"]
    assert xml.all("//ram:BillingSpecifiedPeriod//udt:DateTimeString") == ["20260901", "20261201"] * 2
    assert xml(f"{SETTLED}/ram:InvoiceCurrencyCode") == "EUR"
    assert xml(f"{SETTLED}/ram:ApplicableTradeTax/ram:RateApplicablePercent") == "20"
    assert [
        xml(f"{SETTLED}//ram:{name}")
        for name in (
            "TaxBasisTotalAmount",
            "TaxTotalAmount",
            "GrandTotalAmount",
            "TotalPrepaidAmount",
            "DuePayableAmount",
        )
    ] == ["48.24", "9.65", "57.89", "57.89", "0.00"]


@pytest.mark.parametrize("included", [False, True])
def test_a_voucher_is_an_allowance_of_the_lines(world: World, included: bool) -> None:
    """10 EUR off, 9.75 of them from memory. With VAT in the prices the allowance is what they are without: 9.75 / 1.2 is
    8.13 and 0.25 / 1.2 is 0.21, each line rounded by itself."""
    box = sold(world, included=included)
    world.voucher("HERBST", currency="EUR", amount_minor=1_000)
    done(world, box, memory=8, slots=15, voucher="HERBST")
    paper = invoice()
    xml = valid(paper)
    off = [Decimal(text) for text in xml.all("//ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount")]
    assert len(off) == 2
    assert set(xml.all("//ram:SpecifiedTradeAllowanceCharge/ram:Reason")) == {"Voucher HERBST"}
    taken = sum(line.discount_minor for line in paper.lines.all())
    assert taken == 1_000
    assert sum(off) == (Decimal("8.34") if included else Decimal("10.00"))
    prices = [Decimal(text) for text in xml.all("//ram:NetPriceProductTradePrice/ram:ChargeAmount")]
    assert sum(prices) - sum(off) == Decimal(paper.net_minor) / 100


def test_prices_with_tax(world: World) -> None:
    """47.04 with VAT: a sixth of it, 7.84, is tax."""
    done(world, sold(world, included=True), memory=8)
    xml = valid(invoice())
    assert xml("//ram:NetPriceProductTradePrice/ram:ChargeAmount") == "39.20"
    assert xml(f"{SETTLED}//ram:TaxTotalAmount") == "7.84"
    assert xml(f"{SETTLED}//ram:GrandTotalAmount") == "47.04"


def test_a_line_that_goes_down_has_a_negative_quantity(world: World, box: Service) -> None:
    """The standard has no negative prices."""
    done(world, box, memory=8, slots=5)
    xml = valid(invoice())
    assert xml.all("//ram:BilledQuantity") == ["1", "-1"]
    prices = [Decimal(text) for text in xml.all("//ram:NetPriceProductTradePrice/ram:ChargeAmount")]
    assert all(price > 0 for price in prices)
    assert Decimal(xml.all("//ram:LineTotalAmount")[1]) == -prices[1]


def test_a_credit_note_refers_to_every_invoice_it_reduces(world: World, box: Service) -> None:
    done(world, box, memory=8)
    done(world, box, memory=12)
    done(world, box, memory=6)
    xml = valid(note())
    assert xml("//rsm:ExchangedDocument/ram:ID") == "CN-000001"
    assert xml("//rsm:ExchangedDocument/ram:TypeCode") == "381"
    assert xml.all("//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == ["INV-000002", "INV-000001"]
    assert Decimal(xml(f"{SETTLED}//ram:GrandTotalAmount")) == Decimal(note().gross_minor) / 100 > 0
    assert xml(f"{SETTLED}//ram:DuePayableAmount") == "0.00"


def test_a_credit_note_without_an_invoice_refers_to_none(world: World, box: Service) -> None:
    done(world, box, memory=2)
    assert valid(note()).all("//ram:InvoiceReferencedDocument") == []


def test_the_rules_really_look(world: World, box: Service) -> None:
    """The positive control: a sum, a rate and a country that are wrong are named by the rules."""
    done(world, box, memory=8)
    xml = einvoice_xml(invoice())
    assert broken_rules(xml) == []
    for wrong, name in (
        ((b"<ram:GrandTotalAmount>56.45<", b"<ram:GrandTotalAmount>56.46<"), "BR-CO-15"),
        ((b"<ram:LineTotalAmount>47.04<", b"<ram:LineTotalAmount>47.05<"), "BR-CO-10"),
        ((b">ATU13585627<", b">13585627<"), "BR-CO-09"),
    ):
        assert wrong[0] in xml, wrong
        assert any(f"[{name}]" in rule for rule in broken_rules(xml.replace(*wrong, 1))), name


def test_the_pdf_carries_it(world: World, box: Service) -> None:
    done(world, box, memory=8)
    done(world, box, memory=6)
    for make, paper in ((invoice_pdf, invoice()), (credit_note_pdf, note())):
        for language in LANGUAGES:
            pdf = make(paper, language)
            name, inside = get_facturx_xml_from_pdf(pdf)
            assert (name, inside) == ("factur-x.xml", einvoice_xml(paper))
            assert pdf.count(b"%PDF-") == 1
            pages = PdfReader(io.BytesIO(pdf)).pages
            assert "factur-x.xml" in pages[0].extract_text().replace(" ", "")
            assert str(paper) in pages[0].extract_text()
            about = pdf.decode("latin-1")
            assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in about
            assert "<pdfaid:part>3</pdfaid:part>" in about


def test_the_same_bytes_whenever_it_is_made(
    world: World, box: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(world, box, memory=8)
    first = invoice_pdf(invoice(), "en")
    import facturx.facturx as library

    monkeypatch.setattr(library, "_get_pdf_timestamp", lambda date=None: "D:20310102030405+00'00'")
    monkeypatch.setattr(library, "_get_metadata_timestamp", lambda: "2031-01-02T03:04:05+00:00")
    assert invoice_pdf(invoice(), "en") == first
    assert b"2031-01-02" not in first  # four digits alone may stand in a compressed stream by chance
    assert re.search(rb"ModDate \(D(:|\\072)20260901000000", first)


def test_without_the_extra_a_pdf_is_a_pdf(
    world: World, box: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(world, box, memory=8)
    monkeypatch.setattr(einvoice, "find_spec", lambda name: None)
    pdf = invoice_pdf(invoice(), "en")
    assert b"factur-x" not in pdf
    assert "INV-000001" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def test_a_note_names_the_rate_that_was_charged_or_is_none(world: World, box: Service) -> None:
    """2026-11-26: VAT rises from 20 to 25 %. What was charged at 20 comes back at 20; what was charged at both is a plain
    PDF, because no one rate of its base is its tax."""
    done(world, box, memory=8)
    Product.objects.filter(code="eu-box").update(tax_rate=Decimal("0.25"))
    world.at("2026-09-02T10:00+09:00")
    done(world, box, memory=4)
    xml = valid(note())
    assert xml(f"{SETTLED}/ram:ApplicableTradeTax/ram:RateApplicablePercent") == "20"

    done(world, world.reread(box), memory=40)
    world.at("2026-09-03T10:00+09:00")
    done(world, world.reread(box), memory=1)
    assert note().tax_rate == Decimal("0.25")
    assert not applies(note())
    assert b"factur-x" not in credit_note_pdf(note(), "en")


@pytest.mark.parametrize(
    "without",
    [
        {"seller_country": "JP"}, {"seller_country": "DE"}, {"seller_country": ""}, {"seller_tax_number": ""},
        {"seller_tax_number": "ATU13585626"}, {"seller_tax_number": "13585627"}, {"currency": "USD"},
        {"tax_rate": Decimal(0)}, {"tax_rate": Decimal("0.25")}, {"tax_minor": 2_100},
        {"buyer_country": ""}, {"status": "open"}, {"status": "expired"},
    ],
)  # fmt: skip
def test_what_is_not_certain_is_not_made(without: dict[str, Any]) -> None:
    facts = {
        "seller_country": "AT", "seller_tax_number": "ATU13585627", "buyer_country": "DE", "currency": "EUR",
        "tax_rate": Decimal("0.2"), "status": "paid", "net_minor": 10_000, "tax_minor": 2_000,
    }  # fmt: skip
    assert applies(Invoice(**facts))
    assert not applies(Invoice(**facts | without))


def test_each_country_in_its_own_currency() -> None:
    czech = {
        "seller_country": "CZ",
        "seller_tax_number": "CZ25123891",
        "buyer_country": "CZ",
        "tax_rate": Decimal("0.21"),
        "net_minor": 10_000,
        "tax_minor": 2_100,
    }
    assert applies(Invoice(**czech, status="paid", currency="CZK"))
    assert not applies(Invoice(**czech, status="paid", currency="EUR"))


@given(
    st.integers(-(10**9), 10**9), st.integers(0, 10**6), st.integers(0, 10**6), st.booleans(),
    st.sampled_from(["0.055", "0.19", "0.2", "0.255", "0.27"]),
)  # fmt: skip
def test_a_line_adds_up_whatever_was_taken_off_or_put_on(
    net: int, off: int, on: int, included: bool, rate: str
) -> None:
    paper = Invoice(tax_included=included, tax_rate=Decimal(rate), currency="EUR")
    line = _line(net, _net(off, paper), _net(on, paper), "EUR")
    assert line.quantity * line.price - line.allowance + line.charge == line.net == Decimal(net) / 100
    assert line.price >= 0
    assert line.allowance <= Decimal(off) / 100
