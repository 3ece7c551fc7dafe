"""Terms that are sold, renewed, paid or given up by several at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from prorata.changes.models import Change, SoldTerm
from prorata.changes.refusals import Refused
from prorata.changes.terms import close
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.renew import renew
from prorata.changes.terms.sell import Wanted, sell
from prorata.changes.terms.write import Payment
from prorata.customers.models import User
from prorata.invoices.models import Invoice
from prorata.payments.look import look
from prorata.services.models import Service
from support.at_once import OPEN, no_deadlock, web
from support.threads import Gate, gate
from support.world import World

__all__ = ["gate", "no_deadlock", "web"]


def test_one_form_pressed_five_times_at_once_sells_one_service(world: World, gate: Gate) -> None:
    world.open(OPEN)
    wanted = world.wanted(months=12)
    staff = world.staff
    with gate.on("customers_customer", world.customer.pk) as held:
        clicks = [held.let_in(lambda: sell_once(wanted, staff)) for _ in range(5)]
    assert len({click.result().pk for click in clicks}) == 1
    assert (SoldTerm.objects.count(), Invoice.objects.count(), Service.objects.count()) == (1, 1, 1)


def sell_once(wanted: Wanted, staff: User) -> SoldTerm:
    return sell(wanted, shown_minor=68_376, key="one form", staff=staff, payment=Payment())


def renew_once(service: Service, staff: User, key: str) -> SoldTerm:
    return renew(
        service, 6, shown_minor=34_188, shown_version=service.version, key=key, staff=staff, payment=Payment()
    )


def test_two_of_staff_renew_a_service_once(world: World, web: Service, gate: Gate) -> None:
    staff = world.staff
    with gate.on("customers_customer", world.customer.pk) as held:
        first, second = (held.let_in(lambda k=key: renew_once(web, staff, k)) for key in ("mine", "yours"))
    assert first.result().kind == "renewal"
    assert isinstance(second.error(), CannotSell)
    assert (SoldTerm.objects.count(), Invoice.objects.count()) == (1, 1)


@pytest.mark.parametrize("first", ["change", "renewal"])
def test_a_change_and_a_renewal_at_once_are_one_of_them(
    world: World, web: Service, gate: Gate, first: str
) -> None:
    """Both were shown as possible; whoever comes second is refused, whichever that is."""
    quote, staff = world.quote(web, memory=8), world.staff
    doing: dict[str, Callable[[], Any]] = {
        "change": lambda: world.submit(quote), "renewal": lambda: renew_once(web, staff, "k"),
    }  # fmt: skip
    order = sorted(doing, key=lambda what: what != first)
    with gate.on("customers_customer", world.customer.pk) as held:
        done, late = (held.let_in(doing[what]) for what in order)
    assert done.result() is not None
    assert isinstance(late.error(), CannotSell if first == "change" else Refused)
    assert (Change.objects.count(), SoldTerm.objects.count()) == ((1, 0) if first == "change" else (0, 1))
    assert Invoice.objects.count() == 1


def test_the_money_and_the_sweep_meet_at_the_deadline_of_a_term(
    world: World, web: Service, gate: Gate
) -> None:
    """Whichever comes first has the invoice; the other finds it so, and no money is lost."""
    term = renew_once(web, world.staff, "k")
    attempt = world.checkout(term)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    world.clock.forward(timedelta(days=8))
    with gate.on("customers_customer", world.customer.pk) as held:
        money = held.let_in(lambda: look(attempt.pk))
        sweep = held.let_in(lambda: close.expire(term.pk))
    money.result()
    assert isinstance(sweep.error(), CannotSell)
    world.work()
    assert (world.reread(term).status, world.credit()) == ("paid", 0)
