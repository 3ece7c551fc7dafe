"""What a ticket is about: one row of the customer's, named by an origin as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from prorata.changes.models import Change
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.invoices.models import CreditNote, Invoice
from prorata.payments.models import Capture
from prorata.payments.receipts import captures, receipt
from prorata.services.models import Service


@dataclass(frozen=True, kw_only=True)
class About:
    """`label` is what people call it; `row` is a Change, Service, Invoice, CreditNote or Capture."""

    origin: str
    label: str
    customer_id: int
    row: Model


@dataclass(frozen=True)
class _Kind:
    model: type[Model]
    rows: Callable[[], QuerySet]
    field: str
    label: Callable[..., str]


KINDS: dict[str, _Kind] = {
    "change": _Kind(
        Change, lambda: Change.objects.select_related("service", "customer", "quote", "invoice__seller"), "reference",
        lambda one: _("Change %(reference)s of %(service)s") % {"reference": one, "service": one.service},
    ),
    "service": _Kind(Service, lambda: Service.objects.select_related("product", "customer"), "pk", lambda one: str(one)),
    "invoice": _Kind(
        Invoice, lambda: Invoice.objects.select_related("service__product", "customer", "seller"), "reference",
        lambda one: _("Invoice %(number)s") % {"number": one},
    ),
    "credit_note": _Kind(
        CreditNote, lambda: CreditNote.objects.select_related("service__product", "customer"), "number",
        lambda one: _("Credit note %(number)s") % {"number": one.number},
    ),
    "payment": _Kind(Capture, captures, "pk", lambda one: _("Payment %(number)s") % {"number": receipt(one).number}),
}  # fmt: skip


def mine(person: User, origin: str) -> About:
    """What `origin` names, if it is this person's; Http404 else, whether it exists or not."""
    kind, name = _split(origin)
    if kind is None:
        raise Http404("There is nothing here that you can see.")
    row = my_one(person, kind.rows().filter(**{kind.field: name}))
    return _about(kind, origin, row)


def of_ticket(origin: str) -> About | None:
    """The same for staff, who may look at every customer's; None where the origin is empty or its row is gone."""
    kind, name = _split(origin)
    row = kind.rows().filter(**{kind.field: name}).first() if kind is not None else None
    return _about(kind, origin, row) if kind is not None and row is not None else None


def origin_of(row: Model) -> str:
    """How a ticket names a row: the other way round."""
    for word, kind in KINDS.items():
        if isinstance(row, kind.model):
            return f"{word}:{getattr(row, kind.field)}"
    raise KeyError(f"no ticket is about a {type(row).__name__}")


def _split(origin: str) -> tuple[_Kind | None, str]:
    word, _colon, name = origin.partition(":")
    kind = KINDS.get(word)
    if (
        kind is not None
        and kind.field == "pk"
        and not (name.isascii() and name.isdecimal() and len(name) < 16)
    ):
        return None, ""
    return kind, name


def _about(kind: _Kind, origin: str, row: Model) -> About:
    customer_id: int = row.customer_id  # type: ignore[attr-defined]
    return About(origin=origin, label=kind.label(row), customer_id=customer_id, row=row)
