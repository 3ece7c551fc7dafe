"""Freeze an estimate at Continue: the price you saw is the price you pay, for half an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from prorata.catalog.values import Value
from prorata.changes.estimate import Estimate, Mode, estimate, live_prices
from prorata.changes.figures import figures
from prorata.changes.inputs import freeze
from prorata.changes.models import Quote
from prorata.changes.refresh import refresh
from prorata.changes.refusals import Refusal
from prorata.changes.situation import situation
from prorata.changes.vouchers import usable
from prorata.customers.models import User
from prorata.customers.scope import my_one
from prorata.provisioning.drivers.base import DriverError, Step
from prorata.provisioning.registry import UnknownDriver, driver
from prorata.provisioning.silence import is_left_alone
from prorata.readable_code import readable_code
from prorata.services.models import Service

VALID_FOR = timedelta(minutes=30)


def reference(prefix: str) -> str:
    """A new reference such as Q-7F3K-2MX9: not guessable, not countable, easy to read aloud."""
    return f"{prefix}-{readable_code(2)}"


def make_quote(user: User, service: Service, wanted: Mapping[str, Value], *, voucher_code: str = "") -> Quote:
    """Measure the machine, price `wanted`, with a voucher if a code is given, and freeze it.

    Raises Refused, or Http404 for a service that is not mine.
    """
    mine = my_one(user, Service.objects.select_related("product", "customer"), right="change", pk=service.pk)
    refresh(mine)
    now = situation(mine)
    voucher = usable(user, mine, voucher_code, now.now) if voucher_code.strip() else None
    priced = estimate(now, wanted, voucher=voucher)
    return Quote.objects.create(
        reference=reference("Q"), service=mine, customer=mine.customer, made_by=user, made_at=now.now,
        expires_at=min(now.now + VALID_FOR, mine.term_ends_at), service_version=mine.version,
        from_configuration=dict(priced.before), to_configuration=dict(priced.after),
        price_book_id=live_prices(now).id, schedule_id=now.schedule.id if now.schedule else None,
        reading=now.reading, rule=priced.price.rule, rule_version=priced.price.rule_version,
        credit_model=priced.price.credit, credit_version=priced.price.credit_version,
        inputs=freeze(priced), figures=figures(priced, modes(priced)),
        currency=mine.currency, net_minor=priced.document.net, tax_minor=priced.document.tax,
        gross_minor=priced.document.gross, voucher=voucher,
    )  # fmt: skip


def over(quote: Quote, now: datetime) -> Refusal | None:
    """Why a quote can be used no more, once its time has passed."""
    if now < quote.expires_at:
        return None
    until = quote.expires_at.astimezone(ZoneInfo(quote.figures["zone"]))
    return Refusal("quote_expired", None, {"until": f"{until:%H:%M\u00a0%Z}"})


def modes(priced: Estimate) -> dict[str, Mode]:
    """How the machine would do each step; where it does not answer, the product's own word stands."""
    found: dict[str, Mode] = {}
    service = priced.situation.service
    if is_left_alone(service, priced.at):
        return found
    try:
        machine = driver(service.driver)
        for line in priced.lines:
            found[line.code] = machine.plan(
                service.external_id, Step(line.code, line.before, line.after)
            ).mode
    except (DriverError, UnknownDriver):
        return found
    return found
