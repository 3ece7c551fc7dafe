"""The chart of accounts: one function a kind of account, each naming its code.

Accounts are created when first posted to; the code is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AccountName:
    code: str
    kind: str
    currency: str


def receivable(customer_id: int, currency: str) -> AccountName:
    """What a customer has paid towards an open invoice (credit) until it is settled."""
    return AccountName(f"customer/{customer_id}/receivable/{currency}", "asset", currency)


def owed(customer_id: int, currency: str) -> AccountName:
    """What a customer owes: money was taken back after he had spent it, by his bank, a refund, or as another's."""
    return AccountName(f"customer/{customer_id}/owed/{currency}", "asset", currency)


def purse(purse_id: int, currency: str) -> AccountName:
    """Credit a customer may spend: our liability."""
    return AccountName(f"purse/{purse_id}/{currency}", "liability", currency)


def pledged(customer_id: int, currency: str) -> AccountName:
    """Credit held for an unpaid change: still a liability, no longer available."""
    return AccountName(f"customer/{customer_id}/pledged/{currency}", "liability", currency)


def deferred_revenue(currency: str) -> AccountName:
    """Money invoiced for time not yet served."""
    return AccountName(f"revenue/deferred/{currency}", "liability", currency)


def earned_revenue(product_code: str, currency: str) -> AccountName:
    """Money for days that were served, per product; what names no product has an account of its own."""
    product = f"{product_code}/" if product_code else ""
    return AccountName(f"revenue/earned/{product}{currency}", "income", currency)


def tax_payable(rate: str, currency: str) -> AccountName:
    return AccountName(f"tax/{rate}/{currency}", "liability", currency)


def clearing(gateway: str, currency: str) -> AccountName:
    """Money a processor has captured and not yet paid out to the bank."""
    return AccountName(f"gateway/{gateway}/clearing/{currency}", "asset", currency)


def suspense(currency: str) -> AccountName:
    """Money that arrived and could not be assigned: wrong currency or amount, unknown invoice."""
    return AccountName(f"suspense/{currency}", "liability", currency)


def outside(currency: str) -> AccountName:
    """Money on the provider's bank account that is none of the customers' business: fees, what was sent back, what is not
    ours. The provider's own bookkeeping knows it."""
    return AccountName(f"outside/{currency}", "liability", currency)


def gifts(currency: str) -> AccountName:
    """What gifted credit costs us."""
    return AccountName(f"expense/gifts/{currency}", "expense", currency)


def corrections(currency: str) -> AccountName:
    """What staff gave or took by hand, each with a reason that the customer reads."""
    return AccountName(f"expense/corrections/{currency}", "expense", currency)


def adopted(currency: str) -> AccountName:
    """Balancing side of what was paid elsewhere for days that an adopted service had still to be served."""
    return AccountName(f"equity/adopted/{currency}", "liability", currency)
