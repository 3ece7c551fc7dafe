"""Invoices in every state of their payment, receipts, credit, payment methods."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from prorata.changes.models import Change, SoldTerm
from prorata.changes.terms.words import status_words
from prorata.credit.models import LogLine, Purse, Voucher
from prorata.credit.words import MOVEMENTS, movement_words
from prorata.invoices.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from prorata.invoices.paper.download import NAMES
from prorata.payments.bank.instructions import Instructions
from prorata.payments.bank.models import BankAccount
from prorata.payments.methods import Method
from prorata.payments.models import Capture, PaymentAttempt, SavedMethod
from prorata.payments.payment_state import payment_state
from prorata.payments.receipts import Receipt
from prorata.portal.catalogue.made_up import BEGINS, ENDS, NOW, ZONE, customer, seller, service, with_rows
from prorata.portal.catalogue.rows import Rows
from prorata.portal.credit_log import Filter, choices
from prorata.portal.days import Days
from prorata.portal.method_words import meaning
from prorata.portal.pay_choice import PayChoice
from prorata.portal.payment_words import told
from prorata.portal.views.terms import SIGNS

Context = dict[str, Any]
CARD, BANK = Method("card", "Credit card", "sandbox"), Method("bank_transfer", "Bank transfer", "bank")
METHODS = [CARD, BANK]
State = PaymentAttempt.State
# Every state that a payment can be in -> the invoice's own, its newest attempt, and what came of the money.
STATES: dict[str, tuple[str, dict[str, Any], int]] = {
    "not_begun": ("open", {}, 0),
    "page": ("open", {"state": State.CREATED}, 0),
    "declined": ("open", {"state": State.CREATED, "reason": "Your card was declined."}, 0),
    "transfer": ("open", {"state": State.CREATED, "gateway": "bank", "method": "bank_transfer"}, 0),
    "processing": ("open", {"state": State.PROCESSING}, 0),
    "checking": ("open", {"state": State.UNKNOWN}, 0),
    "failed": ("open", {"state": State.FAILED, "reason": "Your bank refused it."}, 0),
    "stopped": ("open", {"state": State.CANCELLED}, 0),
    "part": ("open", {"state": State.CANCELLED}, 2_000),
    "over": ("open", {"pay_until": NOW - timedelta(minutes=1)}, 0),
    "paid": ("paid", {"state": State.SUCCEEDED}, 5_397),
    "covered": ("paid", {}, 0),
    "cancelled": ("cancelled", {}, 0),
    "expired": ("expired", {}, 0),
}


def invoice(key: str) -> Invoice:
    """For two resources, partly paid with a gift, in the state of this name."""
    status, tried, received = STATES[key]
    closed = {"cancelled": NOW, "expired": NOW}.get(status)
    paid = status == "paid"
    found = Invoice(
        pk=0, seller=seller(), customer=customer(), service=service(), origin="change:C-9QXM-71TV", reference="P-4WTK-0JDV",
        number="INV-000031" if paid else None, status=status, currency="JPY", net_minor=6_270, tax_minor=627,
        gross_minor=6_897, tax_rate=Decimal("0.10"), tax_label="Consumption tax",
        credit_minor=6_897 - received if paid else 1_500,
        gifted_minor=1_500, received_minor=received, created_at=NOW,
        pay_until=tried.get("pay_until", NOW + timedelta(hours=1)),
        settled_at=NOW if paid else None, closed_at=closed, seller_name="Bestnet K.K.",
        seller_address="3-1-7 Kanda, Chiyoda-ku\nTokyo 101-0047", seller_tax_number="T1234567890123",
        buyer_name="Tanaka Design", buyer_address="2-4-1 Sakae, Naka-ku\nNagoya 460-0008",
    )  # fmt: skip
    return with_rows(found, lines=_lines(), attempts=_attempts(tried))


def _attempts(tried: dict[str, Any]) -> list[PaymentAttempt]:
    if "state" not in tried:
        return []
    facts = {"gateway": "sandbox", "method": "card", "gateway_ref": "RF18BN7K2M44QD"} | tried
    return [PaymentAttempt(pk=UUID(int=0), amount_minor=5_397, currency="JPY", created_at=NOW, **facts)]


def _lines() -> list[InvoiceLine]:
    told_of = (("cpu", "CPU cores", "", "2", "4", 3_392), ("memory", "Memory", "GB", "4", "8", 2_878))
    return [
        InvoiceLine(
            position=n, component=code, text=f"{name} {before} to {after}", name=name, unit=unit, from_name=before,
            to_name=after, period_starts=NOW.date(), period_ends=ENDS.date(), net_minor=net, tax_minor=net // 10,
        )
        for n, (code, name, unit, before, after, net) in enumerate(told_of, start=1)
    ]  # fmt: skip


def receipts() -> list[Receipt]:
    """More than was due came."""
    line = LogLine(pk=7, at=NOW, amount_minor=603, currency="JPY")
    attempt = PaymentAttempt(pk=UUID(int=0), invoice=invoice("paid"), method="card", gateway="sandbox")
    capture = Capture(
        pk=12, gateway="sandbox", capture_id="cap_81f2", attempt=attempt, customer=customer(), amount_minor=6_000,
        currency="JPY", captured_at=NOW, recorded_at=NOW,
    )  # fmt: skip
    return [
        Receipt(
            capture=capture, to_invoice_minor=5_397, to_credit_minor=603, held_minor=0, credit_line=line, returned_line=None
        )
    ]  # fmt: skip


def payment(key: str) -> Context:
    """What an invoice or a change shows of its payment in this state."""
    of = invoice(key)
    state, came = payment_state(of, NOW), receipts() if key == "paid" else []
    return {
        "invoice": of, "pay": told(of, NOW), "may_pay": True, "receipts": came, "astray": came,
        "choice": PayChoice(offered=tuple(METHODS), chosen=CARD if state.key != "not_begun" else None, remembered="card"),
        "transfer": _instructions(of) if key == "transfer" else None,
    }  # fmt: skip


def _instructions(of: Invoice) -> Instructions:
    account = BankAccount(
        holder="Bestnet K.K.",
        iban="DE02120300000000202051",
        bic="BYLADEM1001",
        bank_name="Musterbank",
        currency="JPY",
    )
    return Instructions(
        attempt=of.attempts.all()[0],
        account=account,
        reference="RF18 BN7K 2M44 QD",
        amount_minor=of.due_minor,
    )


def invoice_page(key: str) -> Context:
    of = payment(key)
    return of | {
        "term": None, "service": service(), "zone": ZONE, "change": Change(reference="C-9QXM-71TV", status="applied"),
        "may_change": True, "account_minor": 0, "raised_minor": 0, "discount_minor": 0, "paper_languages": NAMES,
    }  # fmt: skip


def listed() -> Context:
    rows = [{"invoice": one, "pay": told(one, NOW)} for key in STATES if (one := invoice(key))]
    return {"rows": rows, "notes": Rows(_note()), "page": Rows(), "zone": ZONE}


def none() -> Context:
    return {"rows": [], "notes": Rows(more=False), "page": Rows(more=False), "zone": ZONE}


def checkout() -> Context:
    card = SavedMethod(pk=UUID(int=1), label="Visa ending in 4242", saved_at=NOW)
    return invoice_page("not_begun") | {
        "method": "card", "saved": [card], "keepers": "Credit card", "keep": True, "problem": "",
        "transfer_until": NOW + timedelta(days=7), "transfer_is_longer": True,
    }  # fmt: skip


def refused() -> Context:
    return checkout() | {"problem": "The payment service does not answer. Nothing was taken; try again."}


def transfer() -> Context:
    return invoice_page("transfer")


def payments() -> Context:
    return {"rows": receipts(), "page": Rows(), "asked": Days(since=BEGINS.date()), "zone": ZONE}


def no_payments() -> Context:
    return {"rows": [], "page": Rows(more=False), "asked": Days(), "zone": ZONE}


def receipt() -> Context:
    one = receipts()[0]
    return {
        "receipt": one, "capture": one.capture, "invoice": one.invoice, "zone": ZONE, "paper_languages": NAMES,
        "change": Change(reference="C-9QXM-71TV"),
    }  # fmt: skip


def _note() -> CreditNote:
    line = CreditNoteLine(
        pk=0, position=1, component="backups", text="Backup generations 7 to 4", name="Backup generations", from_name="7",
        to_name="4", net_minor=2_210, tax_minor=221,
    )  # fmt: skip
    note = CreditNote(
        pk=0, seller=seller(), customer=customer(), service=service(), number="CN-000004", reason="reduced", currency="JPY",
        net_minor=2_210, tax_minor=221, gross_minor=2_431, tax_rate=Decimal("0.10"), tax_label="Consumption tax",
        cash_minor=2_431, gifted_minor=0, at=NOW, origin="change:C-9QXM-71TV", seller_name="Bestnet K.K.",
        buyer_name="Tanaka Design",
    )  # fmt: skip
    return with_rows(note, lines=[with_rows(line, sources=[])])


def credit_note() -> Context:
    return {
        "note": _note(),
        "zone": ZONE,
        "change": Change(reference="C-9QXM-71TV"),
        "paper_languages": NAMES,
    }


def credit() -> Context:
    """Both kinds of credit, a gift that ended, a voucher, and every movement there is."""
    gifted = Purse(
        pk=0,
        kind="gifted",
        currency="JPY",
        balance_minor=1_500,
        expires_at=ENDS,
        reason="Welcome to the demo",
    )
    account = Purse(pk=0, kind="account", currency="JPY", balance_minor=2_431)
    gone = Purse(pk=0, kind="gifted", currency="JPY", expires_at=BEGINS, reason="Welcome to the demo")
    gone.unused_minor = 300  # type: ignore[attr-defined]  # what the view's query adds
    return {
        "purses": [gifted, account], "gone": [gone], "rows": [_movement(n, what) for n, what in enumerate(MOVEMENTS)],
        "page": Rows(), "asked": Filter(purse="gifted"), "kinds": choices(), "purse_kinds": Purse.Kind.choices, "zone": ZONE,
        "totals": [("JPY", 3_931)], "vouchers": [_voucher()],
    }  # fmt: skip


def _movement(n: int, what: str) -> Context:
    amount = 1_500 if n % 2 else -900
    line = LogLine(
        pk=n, what=what, amount_minor=amount, balance_after_minor=2_431, currency="JPY", reason="Welcome offer",
        at=NOW - timedelta(days=9 * n), purse=Purse(kind="account"), origin="",
    )  # fmt: skip
    return {
        "line": line,
        "what": movement_words(what, line.reason),
        "change": None,
        "term": None,
        "by": "Aiko Tanaka",
    }


def _voucher() -> Voucher:
    return with_rows(
        Voucher(
            pk=0, code="WELCOME-500", name="Welcome offer", currency="JPY", amount_minor=500, expires_at=ENDS
        ),
        products=[],
    )


def no_credit() -> Context:
    return credit() | {"purses": [], "gone": [], "rows": [], "vouchers": [], "totals": [], "asked": Filter()}


def terms() -> list[Context]:
    """A term in each of its states."""
    return [
        {
            "term": SoldTerm(
                reference=f"T-{status}", kind="renewal", starts_at=BEGINS, ends_at=ENDS, months=6, currency="JPY",
                gross_minor=34_188, status=status, invoice=invoice("paid") if status == "paid" else None,
            ),
            "sign": sign, "words": status_words(SoldTerm(status=status)),
        }
        for status, sign in SIGNS.items()
    ]  # fmt: skip


def methods() -> Context:
    return {"wallets": [_wallet(METHODS)], "zone": ZONE, "today": NOW.date()}


def no_methods() -> Context:
    return {
        "wallets": [_wallet([]) | {"gone": True, "saved": [], "may_pay": False}],
        "zone": ZONE,
        "today": NOW.date(),
    }


def _wallet(offered: list[Method]) -> Context:
    card = SavedMethod(pk=UUID(int=1), label="Visa ending in 4242", saved_at=NOW, last_day=date(2034, 12, 31))
    old = SavedMethod(
        pk=UUID(int=2), label="Visa ending in 1881", saved_at=BEGINS, last_day=date(2026, 6, 30)
    )
    account = SavedMethod(pk=UUID(int=3), label="PayPal", saved_at=BEGINS)
    return {
        "customer": customer(), "rows": [{"method": one, "meaning": meaning(one)} for one in offered], "remembered": "card",
        "gone": False, "saved": [card, old, account], "may_pay": True,
    }  # fmt: skip
