"""Which account of a seller customers are told to pay to, and which account a file is of."""

from __future__ import annotations

from prorata.payments.bank import BANK
from prorata.payments.bank.models import BankAccount
from prorata.payments.methods import Method, method, methods


def account_for(seller_id: int, currency: str) -> BankAccount | None:
    """The account that is offered for a currency; None where transfers in it are not taken."""
    return BankAccount.objects.filter(seller=seller_id, currency=currency, offered=True).first()


def account_of(number: str, currency: str) -> BankAccount | None:
    """The account with an IBAN or a number as a statement names it: without spaces, in capitals."""
    plain = "".join(number.split()).upper()
    for account in BankAccount.objects.filter(currency=currency):
        if plain in (account.iban, "".join(account.number.split()).upper()):
            return account
    return None


def offered_methods(seller_id: int, currency: str) -> list[Method]:
    """The payment methods for an invoice of this seller in this currency, in order."""
    transfers = account_for(seller_id, currency) is not None
    return [one for one in methods() if one.gateway != BANK or transfers]


def offered_method(code: str, seller_id: int, currency: str) -> Method | None:
    """The method of that code, if it is on offer here."""
    chosen = method(code)
    if chosen is not None and chosen.gateway == BANK and account_for(seller_id, currency) is None:
        return None
    return chosen
