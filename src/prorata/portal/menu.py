"""What the frame around every page shows: the credit in the top menu and the part of the portal one is in."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, Sum

from prorata import clock
from prorata.credit.models import Purse
from prorata.customers.models import User
from prorata.customers.scope import mine
from prorata.portal.money import money

SECTIONS = {
    "services": ("/services", "/quotes", "/changes", "/example"),
    "methods": ("/payment-methods",),
    "payments": ("/payments", "/receipts"),
    "invoices": ("/invoices", "/credit-notes"),
    "credit": ("/credit",),
    "tickets": ("/tickets",),
    "mails": ("/demo",),
    "notifications": ("/notifications",),
    "people": ("/people",),
    "guides": ("/guides",),
    "account": ("/accounts",),
}


def credit_figures(user: User | AnonymousUser) -> list[str]:
    """What all customers this person sees can spend, one figure a currency; one query."""
    if not isinstance(user, User) or not user.is_authenticated:
        return []
    alive = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    sums = (
        mine(user, Purse.objects.filter(alive))
        .order_by()
        .values("currency")
        .annotate(total=Sum("balance_minor"))
    )
    return [money(row["total"], row["currency"]) for row in sums.order_by("currency")] or ["0"]


def section(path: str) -> str:
    return next((name for name, roots in SECTIONS.items() if path.startswith(roots)), "")
