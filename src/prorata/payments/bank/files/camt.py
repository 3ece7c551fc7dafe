"""CAMT.053, the bank's statement to its customer in ISO 20022, versions 001.02 to 001.13.

Elements are found by their names: the versions differ in namespaces, in where a name or a status stands, and in little
else that a receiver of money needs. No document type is accepted, so there is no entity to expand and nothing to fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from prorata.payments.bank.files.parsed import (
    MOST_LINES,
    BadStatement,
    ParsedLine,
    ParsedStatement,
    in_minor,
    joined,
    keyed,
    must_add_up,
)

SIGN = {"CRDT": 1, "DBIT": -1}
# What banks write where ISO 20022 wants an id and they have none; also a row of noughts or dashes.
NO_ID = {
    "NONREF",
    "NOREF",
    "NOREFERENCE",
    "NOTPROVIDED",
    "NOTAVAILABLE",
    "NOTAPPLICABLE",
    "NOTKNOWN",
    "UNKNOWN",
    "NONE",
    "NULL",
    "NA",
}
# A statement begins with its opening balance, or with the closing balance of the one before.
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read_camt(content: bytes) -> tuple[ParsedStatement, ...]:
    """The statements of a file, keyed; each adds up. Raises BadStatement."""
    root = _root(content)
    statements = [_statement(one) for one in _all(root, "BkToCstmrStmt/Stmt")]
    if not statements:
        raise BadStatement("The file has no statement in it.")
    if sum(len(one.lines) for one in statements) > MOST_LINES:
        raise BadStatement(
            f"The file has more than {MOST_LINES:,} entries. Ask the bank for shorter periods."
        )
    for one in statements:
        must_add_up(one)
    return keyed(statements)


def _root(content: bytes) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as trick:
        raise BadStatement(
            "The file has a document type or entities in it, which no bank sends. It was not read."
        ) from trick
    except (ParseError, ValueError, LookupError) as broken:
        raise BadStatement(
            "The file is no well-formed XML. Get it from the bank again, and do not open and save it in between."
        ) from broken
    said = root.tag.partition("}")[0]
    if found := re.search(r"camt\.05[24]", said):
        raise BadStatement(
            f"This is a {found[0]}, a report during the day. Import the statement of the whole day, camt.053."
        )
    if _name(root) != "Document" or _first(root, "BkToCstmrStmt") is None:
        raise BadStatement("This is no bank statement in the form CAMT.053.")
    return root


def _statement(stmt: Element) -> ParsedStatement:
    ref = _text(stmt, "Id")[:60]
    where = f"Statement {ref or 'without a number'}"
    balances = {_text(one, "Tp/CdOrPrtry/Cd"): one for one in reversed(_all(stmt, "Bal"))}
    amounts = [_first(one, "Amt") for one in (*balances.values(), *_all(stmt, "Ntry"))]
    currency = _text(stmt, "Acct/Ccy") or next((one.get("Ccy", "") for one in amounts if one is not None), "")
    account = _text(stmt, "Acct/Id/IBAN") or _text(stmt, "Acct/Id/Othr/Id")
    if not account:
        raise BadStatement(f"{where} does not say of which account it is.")
    entries = _all(stmt, "Ntry")
    booked = [one for one in entries if (_text(one, "Sts/Cd") or _text(one, "Sts")) == "BOOK"]
    lines = [
        line for n, one in enumerate(booked, start=1) for line in _lines(one, currency, f"{where}, entry {n}")
    ]
    return ParsedStatement(
        account="".join(account.split()).upper(), currency=currency, bank_ref=ref,
        opening_minor=_balance(balances, OPENING, currency, where),
        closing_minor=_balance(balances, CLOSING, currency, where),
        lines=tuple(line for line in lines if line.amount_minor), left_out=len(entries) - len(booked),
    )  # fmt: skip


def _balance(balances: dict[str, Element], kinds: tuple[str, ...], currency: str, where: str) -> int | None:
    found = next((balances[kind] for kind in kinds if kind in balances), None)
    return None if found is None else _signed(found, currency, f"{where}, balance")


def _lines(entry: Element, currency: str, where: str) -> Iterator[ParsedLine]:
    """One line an entry; one a payment for a batch whose payments add up to it."""
    total = _signed(entry, currency, where)
    on = _day(entry, where)
    details = _all(entry, "NtryDtls/TxDtls")
    parts = [_part(one, entry, currency, where) for one in details]
    if len(details) > 1 and None not in parts and sum(part or 0 for part in parts) == total:
        for one, part in zip(details, parts, strict=True):
            yield _line(entry, [one], part or 0, currency, on)
    else:
        counted = {_text(one, "NbOfTxs") for one in _all(entry, "NtryDtls/Btch")} - {"", "1"}
        several = len(details) > 1 or bool(counted)
        yield _line(entry, details, total, currency, on, several=several)


def _line(
    entry: Element, details: list[Element], minor: int, currency: str, on: date, *, several: bool = False
) -> ParsedLine:
    # The other side of money that came in is its debtor, and of money that went out its creditor.
    side = "Dbtr" if minor > 0 else "Cdtr"
    one = details[0] if len(details) == 1 else None
    said = [text for detail in details for text in _said(detail)]
    own_id = _text(one, "Refs/AcctSvcrRef") or _text(one, "Refs/TxId") if one is not None else ""
    ids = [part for part in (_text(entry, "AcctSvcrRef"), own_id) if part]
    # Of two ids one that is none changes nothing: the other tells the movements apart.
    joined_ids, none = "/".join(ids), all(map(_is_no_id, ids))
    return ParsedLine(
        booked_on=on, amount_minor=minor, currency=currency, is_reversal=_text(entry, "RvslInd") in ("true", "1"),
        several=several,
        text=joined([*said, _text(entry, "AddtlNtryInf")]),
        name=joined([_text(one, f"RltdPties/{side}/Pty/Nm") or _text(one, f"RltdPties/{side}/Nm")])[:200],
        other_account=(
            _text(one, f"RltdPties/{side}Acct/Id/IBAN") or _text(one, f"RltdPties/{side}Acct/Id/Othr/Id")
        )[:60],
        bank_id="" if none else joined_ids, no_id=joined_ids if none else "",
        bank_code=_code(entry),
    )  # fmt: skip


def _is_no_id(text: str) -> bool:
    letters = re.sub(r"[\W_]", "", text).upper()
    return letters.strip("0") == "" or letters in NO_ID


def _said(detail: Element) -> Iterator[str]:
    """All that may hold the reference: what the sender wrote, in free and in structured form, and the ids he gave."""
    yield from (one.text or "" for one in _all(detail, "RmtInf/Ustrd"))
    yield from (one.text or "" for one in _all(detail, "RmtInf/Strd/CdtrRefInf/Ref"))
    yield from (one.text or "" for one in _all(detail, "RmtInf/Strd/AddtlRmtInf"))
    if (own := _text(detail, "Refs/EndToEndId")) not in ("", "NOTPROVIDED"):
        yield own
    yield from (_text(detail, "RtrInf/Rsn/Cd"), _text(detail, "RtrInf/AddtlInf"), _text(detail, "AddtlTxInf"))


def _part(detail: Element, entry: Element, currency: str, where: str) -> int | None:
    """What one payment of a batch moves, or None where the bank does not say it in the account's currency."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        amount = _first(detail, path)
        if amount is not None and amount.get("Ccy") == currency:
            sign = SIGN.get(_text(detail, "CdtDbtInd") or _text(entry, "CdtDbtInd"), 0)
            return sign * in_minor((amount.text or "").strip(), currency, where) or None
    return None


def _signed(holder: Element, currency: str, where: str) -> int:
    amount = _first(holder, "Amt")
    sign = SIGN.get(_text(holder, "CdtDbtInd"))
    if amount is None or sign is None:
        raise BadStatement(f"{where}: it does not say how much, or whether it came in or went out.")
    if amount.get("Ccy") != currency:
        raise BadStatement(
            f"{where} is in {(amount.get('Ccy') or 'no currency')[:10]}, the account in {currency[:10] or 'none'}."
            " Nothing is converted: ask the bank for a statement in the currency of the account."
        )
    return sign * in_minor((amount.text or "").strip(), currency, where)


def _day(entry: Element, where: str) -> date:
    text = (
        _text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm") or _text(entry, "ValDt/Dt")
        or _text(entry, "ValDt/DtTm")
    )  # fmt: skip
    try:
        return date.fromisoformat(text[:10])
    except ValueError as wrong:
        raise BadStatement(f"{where}: it has no day on which it was booked.") from wrong


def _code(entry: Element) -> str:
    domain = [_text(entry, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return (" ".join(part for part in domain if part) or _text(entry, "BkTxCd/Prtry/Cd"))[:60]


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _all(element: Element | None, path: str) -> list[Element]:
    """The elements down a path of local names."""
    found = [] if element is None else [element]
    for name in path.split("/"):
        found = [child for one in found for child in one if _name(child) == name]
    return found


def _first(element: Element | None, path: str) -> Element | None:
    return next(iter(_all(element, path)), None)


def _text(element: Element | None, path: str) -> str:
    found = _first(element, path)
    return "" if found is None else " ".join((found.text or "").split())
