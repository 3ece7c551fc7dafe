"""Who sold and who bought, as they were when a document was issued. Documents print these, never what holds today."""

from __future__ import annotations

from typing import Protocol

from django.db import models

PARTY = ("name", "address", "country", "tax_number")


class Party(Protocol):
    """A seller or a customer."""

    name: str
    address: str
    country: str
    tax_number: str


class Parties(models.Model):
    """The columns of a document that are copied from seller and customer once and never change."""

    seller_name = models.CharField(max_length=200, default="")
    seller_address = models.TextField(blank=True, default="")
    seller_country = models.CharField(max_length=2, blank=True, default="")
    seller_tax_number = models.CharField(max_length=40, blank=True, default="")
    buyer_name = models.CharField(max_length=200, default="")
    buyer_address = models.TextField(blank=True, default="")
    buyer_country = models.CharField(max_length=2, blank=True, default="")
    buyer_tax_number = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        abstract = True


def names_its_parties(document: str) -> models.CheckConstraint:
    """A document without a seller or a buyer is none."""
    return models.CheckConstraint(
        condition=~models.Q(seller_name="") & ~models.Q(buyer_name=""), name=f"{document}_names_its_parties"
    )


PARTY_COLUMNS = tuple(f"{side}_{fact}" for side in ("seller", "buyer") for fact in PARTY)


def parties(seller: Party, buyer: Party) -> dict[str, str]:
    """What a new document keeps of them: column -> value."""
    return {f"seller_{fact}": getattr(seller, fact) for fact in PARTY} | {
        f"buyer_{fact}": getattr(buyer, fact) for fact in PARTY
    }
