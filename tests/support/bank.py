"""A bank for tests: the seller's account, and statements of it as the bank writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from prorata.invoices.models import Seller
from prorata.payments.bank.models import BankAccount, StatementLine
from prorata.payments.bank.take_in import Imported, keep, take_in
from prorata.pricing.money import minor_digits

IBAN = "DE89370400440532013000"
SENDER = "NL91ABNA0417164300"
ACTOR = "user:1"


@dataclass(kw_only=True)
class Entry:
    """One entry of a statement: minor units, negative what went out. `parts` make it a batch of (amount, text, name)."""

    amount: int
    text: str = ""
    name: str = "Tanaka Design"
    on: str = "2026-08-17"
    id: str = ""
    account: str = SENDER
    status: str = "BOOK"
    reversal: bool = False
    parts: Sequence[tuple[int, str, str]] = ()
    currency: str = ""
    structured: bool = False


def bank_account(seller: Seller, currency: str = "JPY", **facts: Any) -> BankAccount:
    given = {
        "holder": "Bestnet K.K.",
        "iban": IBAN,
        "bic": "COBADEFFXXX",
        "bank_name": "Commerzbank",
        **facts,
    }
    account = BankAccount(seller=seller, currency=currency, **given)
    account.full_clean()
    account.save()
    return account


def camt(
    *entries: Entry,
    currency: str = "JPY",
    iban: str = IBAN,
    opening: int | None = 100_000,
    closing: int | None = None,
    version: str = "08",
    ref: str = "2026-161",
) -> bytes:
    """A CAMT.053 file of one statement. `closing` None is what it must be; `opening` None leaves both balances out."""
    booked = sum(one.amount for one in entries if one.status == "BOOK")
    balances = ""
    if opening is not None:
        balances = _balance("OPBD", opening, currency) + _balance(
            "CLBD", opening + booked if closing is None else closing, currency
        )
    own = f"<IBAN>{iban}</IBAN>" if iban[:2].isalpha() else f"<Othr><Id>{iban}</Id></Othr>"
    body = "".join(_entry(one, currency, version) for one in entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-08-18T06:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{ref}</Id><ElctrncSeqNb>161</ElctrncSeqNb><CreDtTm>2026-08-18T06:00:00</CreDtTm>"
        f"<Acct><Id>{own}</Id><Ccy>{currency}</Ccy></Acct>{balances}{body}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(kind: str, minor: int, currency: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_money(minor, currency)}"
        "<Dt><Dt>2026-08-17</Dt></Dt></Bal>"
    )


def _money(minor: int, currency: str) -> str:
    digits = minor_digits(currency)
    amount = Decimal(f"{abs(minor)}E-{digits}")
    return f'<Amt Ccy="{currency}">{amount:f}</Amt><CdtDbtInd>{"CRDT" if minor >= 0 else "DBIT"}</CdtDbtInd>'


def _entry(one: Entry, currency: str, version: str) -> str:
    code = one.currency or currency
    status = f"<Sts>{one.status}</Sts>" if version in ("02", "04") else f"<Sts><Cd>{one.status}</Cd></Sts>"
    batch = len(one.parts) > 1
    parts = one.parts or [(one.amount, one.text, one.name)]
    details = "".join(_details(part, one, code, version, batch) for part in parts)
    return (
        f"<Ntry>{_money(one.amount, code)}{'<RvslInd>true</RvslInd>' if one.reversal else ''}{status}"
        f"<BookgDt><Dt>{one.on}</Dt></BookgDt><ValDt><Dt>{one.on}</Dt></ValDt>"
        + (f"<AcctSvcrRef>{one.id}</AcctSvcrRef>" if one.id else "")
        + "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _details(part: tuple[int, str, str], one: Entry, code: str, version: str, batch: bool) -> str:
    minor, text, name = part
    side = "Dbtr" if one.amount > 0 else "Cdtr"
    party = f"<Nm>{escape(name)}</Nm>" if version in ("02", "04") else f"<Pty><Nm>{escape(name)}</Nm></Pty>"
    amount = ""
    if batch:
        amount = (
            f'<AmtDtls><TxAmt><Amt Ccy="{code}">{Decimal(f"{abs(minor)}E-{minor_digits(code)}"):f}</Amt></TxAmt></AmtDtls>'
            if version == "02"
            else _money(minor, code)
        )
    wrote = (
        f"<Strd><CdtrRefInf><Ref>{escape(text)}</Ref></CdtrRefInf></Strd>"
        if one.structured
        else f"<Ustrd>{escape(text)}</Ustrd>"
    )
    return (
        f"<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{amount}"
        f"<RltdPties><{side}>{party}</{side}><{side}Acct><Id><IBAN>{one.account}</IBAN></Id></{side}Acct></RltdPties>"
        f"<RmtInf>{wrote}</RmtInf></TxDtls>"
    )


def statement(*entries: Entry, **how: Any) -> Imported:
    """Staff import a CAMT file with these entries."""
    return take_in(keep(camt(*entries, **how), "statement.xml", None, ACTOR), actor=ACTOR)


def line() -> StatementLine:
    """The newest line."""
    return StatementLine.objects.order_by("id").last()  # type: ignore[return-value]
