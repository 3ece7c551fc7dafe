"""The e-invoice as XML (Cross Industry Invoice): the document's own figures and nothing computed anew."""

from __future__ import annotations

import logging
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from drafthorse.models.accounting import ApplicableTradeTax, TradeAllowanceCharge
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.tradelines import LineItem
from facturx import xml_check_xsd
from lxml import etree

from prorata.customers.tax_numbers import EU
from prorata.invoices.einvoice.amounts import NetLine, net_lines
from prorata.invoices.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from prorata.invoices.paper.content import rate, what
from prorata.invoices.paper.figures import lines, one_line
from prorata.pricing.money import decimal_of, minor_digits

# The library tells every document it looks at; the log is for what needs somebody.
logging.getLogger("factur-x").setLevel(logging.WARNING)
GUIDELINE = "urn:cen.eu:en16931:2017"
INVOICE, CREDIT_NOTE = "380", "381"
PIECE = "C62"
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def einvoice_xml(paper: Invoice | CreditNote) -> bytes:
    """Valid against the schema, or an exception: a document for which `applies` says so, read as for printing."""
    document = Document()
    document.context.guideline_parameter.id = GUIDELINE
    document.header.id = str(paper)
    document.header.type_code = INVOICE if isinstance(paper, Invoice) else CREDIT_NOTE
    document.header.issue_date_time = issued(paper)
    document.header.notes.add(IncludedNote(content=_note(paper)))
    agreement = document.trade.agreement
    _party(agreement.seller, paper, "seller")
    _party(agreement.buyer, paper, "buyer")
    printed: list[InvoiceLine | CreditNoteLine] = [*paper.lines.all()]
    for position, (line, net) in enumerate(zip(printed, net_lines(paper), strict=True), start=1):
        document.trade.items.add(_item(paper, line, net, position))
    _settle(document.trade.settlement, paper)
    document.trade.delivery.event.occurrence = issued(paper)
    xml = _with_all_references(document.serialize(schema=None), paper)
    xml_check_xsd(xml, flavor="factur-x", level="en16931")
    return xml


def issued(paper: Invoice | CreditNote) -> date:
    at = paper.at if isinstance(paper, CreditNote) else paper.settled_at
    assert isinstance(at, datetime)
    return at.astimezone(ZoneInfo(paper.seller.zone)).date()


def _note(paper: Invoice | CreditNote) -> str:
    if isinstance(paper, CreditNote):
        return "Given back as credit on the customer's account."
    return f"Paid. Reference {paper.reference}."


def _party(party: Any, paper: Invoice | CreditNote, side: str) -> None:
    """Name, country and VAT number; the address as it was typed, in the three lines that there are."""
    name, address, country, number = (
        getattr(paper, f"{side}_{fact}") for fact in ("name", "address", "country", "tax_number")
    )
    party.name = one_line(name)
    party.address.country_id = country
    typed = lines(address)
    for field, text in zip(
        ("line_one", "line_two", "line_three"), [*typed[:2], ", ".join(typed[2:])], strict=False
    ):
        if text:
            setattr(party.address, field, text)
    if number and country in EU:
        party.tax_registrations.add(TaxRegistration(id=("VA", one_line(number))))


def _item(
    paper: Invoice | CreditNote, line: InvoiceLine | CreditNoteLine, net: NetLine, position: int
) -> LineItem:
    item = LineItem()
    item.document.line_id = str(position)
    item.product.name = what(line, line.text)
    if details := rate(line, paper.currency, "en"):
        item.product.description = details[0]
    item.agreement.net.amount = net.price
    item.delivery.billed_quantity = (Decimal(net.quantity), PIECE)
    _tax(item.settlement.trade_tax, paper)
    if isinstance(line, InvoiceLine):
        item.settlement.period.start, item.settlement.period.end = line.period_starts, line.period_ends
    code = paper.voucher_code if isinstance(paper, Invoice) else ""
    for charge, amount, reason in (
        (False, net.allowance, f"Voucher {one_line(code)}"), (True, net.charge, "Minimum charge"),
    ):  # fmt: skip
        if amount:
            item.settlement.allowance_charge.add(
                TradeAllowanceCharge(indicator=charge, actual_amount=amount, reason=reason)
            )
    item.settlement.monetary_summation.total_amount = net.net
    return item


def _tax(tax: ApplicableTradeTax, paper: Invoice | CreditNote) -> None:
    """The standard category: VAT at the document's one rate."""
    tax.type_code, tax.category_code = "VAT", "S"
    tax.rate_applicable_percent = Decimal(f"{(paper.tax_rate * 100).normalize():f}")


def _settle(settlement: Any, paper: Invoice | CreditNote) -> None:
    code, digits = paper.currency, minor_digits(paper.currency)
    net, tax, gross = (
        decimal_of(minor, digits) for minor in (paper.net_minor, paper.tax_minor, paper.gross_minor)
    )
    settlement.currency_code = code
    total = ApplicableTradeTax()
    _tax(total, paper)
    total.calculated_amount, total.basis_amount = tax, net
    settlement.trade_tax.add(total)
    sums = settlement.monetary_summation
    sums.line_total, sums.tax_basis_total, sums.tax_total, sums.grand_total = net, net, (tax, code), gross
    # Both are settled when they are issued: an invoice is paid, a credit note is in the customer's purse.
    sums.prepaid_total, sums.due_amount = gross, decimal_of(0, digits)
    for reduced in reduced_invoices(paper)[:1]:
        settlement.invoice_referenced_document.issuer_assigned_id = reduced


def reduced_invoices(paper: Invoice | CreditNote) -> list[str]:
    """The numbers of the invoices a credit note reduces, each once."""
    if isinstance(paper, Invoice):
        return []
    found = [
        str(source.invoice_line.invoice)
        for line in paper.lines.all() for source in line.sources.all() if source.invoice_line is not None
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def _with_all_references(xml: bytes, paper: Invoice | CreditNote) -> bytes:
    """The standard takes any number of preceding invoices, the library one: the others are copies of it."""
    root = etree.fromstring(xml)
    first = root.find(f".//{RAM}ApplicableHeaderTradeSettlement/{RAM}InvoiceReferencedDocument")
    for number in reversed(reduced_invoices(paper)[1:]):
        another = deepcopy(first)
        another.find(f"{RAM}IssuerAssignedID").text = number
        first.addnext(another)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
