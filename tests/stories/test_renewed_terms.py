"""Terms follow each other. web-01 costs 7,400 a month; it was adopted for six months from 1 June 2026 at 34,188, tax
included: 31,080 and 3,108. Six months more at 30 % off are 31,080, tax 3,108."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from prorata.catalog.models import DiscountSchedule, DiscountTier, PriceBook, Rate
from prorata.catalog.values import forget
from prorata.changes.cancel import cancel as cancel_change
from prorata.changes.estimate import estimate
from prorata.changes.models import SoldTerm
from prorata.changes.refusals import Refused
from prorata.changes.situation import situation
from prorata.changes.terms import close
from prorata.changes.terms.refused import CannotSell
from prorata.changes.terms.renew import renew, renewal_offer
from prorata.changes.terms.write import Payment
from prorata.invoices.models import CreditNote, Invoice, Layer
from prorata.notices.models import Mail
from prorata.payments.look import look
from prorata.services.models import Service
from stories.test_missed_turns import lose_jobs
from support.world import World

AUGUST = "2026-08-15T14:02+09:00"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01(AUGUST)


def paid(world: World, service: Service, months: int, **payment: bool) -> SoldTerm:
    term = world.renew(service, months, **payment)
    if term.status == "awaiting_payment":
        world.pay(term)
    world.work()
    assert world.reread(term).status == "paid"
    return term


def test_a_renewal_costs_what_the_customer_was_shown(world: World, web: Service) -> None:
    """The estimate of any change says what the next term costs; that is what staff sell it for."""
    shown = estimate(situation(web), {"memory": 8})
    offered = renewal_offer(web, web.term_months)
    assert offered.price.total == shown.renewal_before_minor == 31_080
    term = world.renew(web, 6)
    assert (term.net_minor, term.tax_minor, term.gross_minor) == (31_080, 3_108, 34_188)
    assert (term.starts_at, term.ends_at) == (web.term_ends_at, moment("2027-06-01T08:00+09:00"))
    line = Invoice.objects.get().lines.get(component="memory")
    assert (line.period_starts, line.period_ends, line.net_minor) == (
        date(2026, 12, 1),
        date(2027, 6, 1),
        7_560,
    )


def test_two_terms_follow_each_other(world: World, web: Service) -> None:
    term = paid(world, web, 6)
    service = world.reread(web)
    assert (service.term_starts_at, service.term_ends_at, service.term_months) == (
        web.term_ends_at, moment("2027-06-01T08:00+09:00"), 6,
    )  # fmt: skip
    assert service.configuration == web.configuration
    ahead = Layer.objects.filter(origin=term.origin).order_by("id")
    assert [(one.component, int(one.amount), int(one.tax)) for one in ahead] == [
        ("cpu", 5_040, 504), ("memory", 7_560, 756), ("disk", 8_400, 840), ("backups", 8_820, 882),
        ("snapshots", 1_260, 126),
    ]  # fmt: skip
    assert {(one.starts, one.ends) for one in ahead} == {(date(2026, 12, 1), date(2027, 6, 1))}
    found = situation(service).terms
    assert (found.begins, found.ends, found.ahead) == (web.term_starts_at, web.term_ends_at, (term,))
    assert [one.subject for one in Mail.objects.order_by("id")] == ["web-01: renewal – paid (INV-000001)"]
    world.at("2026-12-01T08:00+09:00")
    found = situation(world.reread(web)).terms
    assert (found.begins, found.ends, found.ahead) == (term.starts_at, term.ends_at, ())


def test_an_upgrade_after_an_early_renewal_counts_to_the_new_end(world: World, web: Service) -> None:
    """From 15 August to 1 June 2027: 9 months to 15 May and 17 of 31 days, 30 % off: 1,800 x 296/31 x 0.70 = 12,030.97."""
    paid(world, web, 6)
    change = world.change(web, memory=8)
    assert (change.quote.net_minor, change.gross_minor) == (12_031, 13_234)
    assert change.quote.figures["time_left"]["whole"] == 9
    world.pay(change)
    world.work()
    layer = Layer.objects.get(origin=change.origin)
    assert (layer.starts, layer.ends) == (date(2026, 8, 15), date(2027, 6, 1))


def test_a_downgrade_gives_back_what_is_paid_ahead_whole(world: World, web: Service) -> None:
    """Backups 7 to 4, 3/7 of them. Of the adopted term 8,820 were paid for 183 days and 107 are left: 2,210.16; of the next
    8,820 all of the part, 3,780: together 5,990.16. The formula says 900 x 296/31 x 0.70 = 6,015.48. Tax 221.01 and 378."""
    term = paid(world, web, 6)
    change = world.change(web, backups=4)
    world.work()
    assert world.reread(change).status == "applied"
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.gross_minor) == (5_990, 599, 6_589)
    assert world.credit() == 6_589
    sources = {source.layer.origin for source in note.lines.get().sources.all() if source.layer}
    assert sources == {f"adopted:{web.pk}", term.origin}


@pytest.mark.parametrize(("model", "net"), [("rebuy", -462), ("none", 0)])
def test_what_is_paid_ahead_counts_under_every_credit_model(
    world: World, web: Service, model: str, net: int
) -> None:
    """62,160 stand in both terms; used are two months and 14 of 30 days, 18,253.33; anew, 6,500 x 296/31 x 0.70 are
    43,445.16: 461.51 is left. Where nothing is given back, nothing of what is paid ahead is either."""
    world.cloud.credit_model = model
    world.cloud.save()
    paid(world, web, 6)
    assert world.quote(web, backups=4).net_minor == net


def test_nothing_comes_back_twice_and_never_more_than_was_paid(world: World, web: Service) -> None:
    """Everything that shrinks goes to its lowest the moment the renewal is paid, in two steps."""
    renewal = paid(world, web, 6)
    for wanted in ({"backups": 3, "memory": 3}, {"backups": 0, "snapshots": 0}):
        world.change(web, **wanted)
        world.work()
    back = sum(CreditNote.objects.values_list("gross_minor", flat=True))
    ahead = {one.component: one.amount + one.tax for one in Layer.objects.filter(origin=renewal.origin)}
    whole = ahead["backups"] + ahead["snapshots"] + ahead["memory"] / 4
    assert whole < back <= 34_188 + 34_188
    assert all(
        min(one.unwindings.order_by("left_price").values_list("left_price", flat=True)) == 0
        for one in Layer.objects.filter(component__in=["backups", "snapshots"])
    )


def test_gifts_pay_a_renewal_and_come_back_as_gifts(world: World, web: Service) -> None:
    """3,780 and 378 of the 6,589 were gifts; as 5,990 is a little less than 5,990.16, that is 4,157 in whole yen."""
    world.gift(40_000, until="2026-12-31T00:00+09:00")
    term = paid(world, web, 6, use_gifted=True)
    assert world.reread(term.invoice).gifted_minor == 34_188
    world.change(web, backups=4)
    world.work()
    note = CreditNote.objects.get()
    assert (note.gross_minor, note.gifted_minor, note.cash_minor) == (6_589, 4_157, 2_432)


def test_an_unpaid_renewal_and_a_change_exclude_each_other(world: World, web: Service) -> None:
    quote = world.quote(web, memory=8)
    term = world.renew(web, 6)
    with world.refusing("The service changed since this price was made"):
        world.submit(quote)
    with world.refusing(f"The renewal of this service waits for payment ({term.invoice})"):
        world.quote(web, memory=8)
    with world.unchanged(), pytest.raises(CannotSell, match=f"Term {term} of this service is not paid yet"):
        renewal_offer(world.reread(web), 6)
    close.cancel(term.pk, world.staff)
    assert world.reread(web).term_ends_at == web.term_ends_at

    change = world.change(web, memory=8)
    with world.unchanged(), pytest.raises(CannotSell, match=f"Change {change} of this service is still open"):
        renewal_offer(world.reread(web), 6)
    cancel_change(world.owner, change.reference)
    assert world.renew(web, 6).status == "awaiting_payment"


def test_between_payment_and_booking_nothing_is_changed(world: World, web: Service) -> None:
    term = world.renew(web, 6)
    world.pay(term)
    lose_jobs()
    with world.refusing("The renewal of this service waits for payment"):
        world.quote(web, memory=8)
    world.wait(seconds=61)
    assert world.reread(term).status == "paid"
    assert world.quote(web, memory=8).net_minor == 12_031


def test_an_unpaid_renewal_expires_and_the_term_goes_on(world: World, web: Service) -> None:
    world.gift(1_000, until="2026-12-31T00:00+09:00")
    term = world.renew(web, 6, use_gifted=True)
    attempt = world.checkout(term)
    world.gateway.settings(capture_amount_minor=2_000)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    look(attempt.pk)
    world.wait(days=8)
    assert (world.reread(term).status, world.reread(term.invoice).status) == ("expired", "expired")
    service = world.reread(web)
    assert (service.status, service.term_starts_at, service.term_ends_at) == (
        "active", web.term_starts_at, web.term_ends_at,
    )  # fmt: skip
    assert world.purses() == [("gifted", 1_000, "2026-12-31"), ("account", 2_000, None)]
    assert not Layer.objects.filter(origin=term.origin)
    world.quote(web, memory=8)


def test_late_money_for_a_renewal_is_account_credit(world: World, web: Service) -> None:
    term = world.renew(web, 6)
    attempt = world.checkout(term)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    close.expire(term.pk)
    world.work()
    assert (world.reread(term).status, world.credit()) == ("expired", 34_188)
    assert world.reread(web).term_ends_at == web.term_ends_at


def test_it_is_paid_before_the_old_term_ends_or_not_at_all(world: World, web: Service) -> None:
    """On 28 November three days are left to pay, and after the end nothing can be bought any more."""
    world.at("2026-11-28T12:00+09:00")
    term = world.renew(web, 1)
    assert term.deadline == web.term_ends_at
    attempt = world.checkout(term)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    world.at("2026-12-01T08:00+09:00")
    look(attempt.pk)
    assert world.credit() == 8_140
    world.wait(minutes=6)
    assert world.reread(term).status == "expired"
    with world.unchanged(), pytest.raises(CannotSell, match="The term of this service has ended"):
        renewal_offer(world.reread(web), 1)


def test_a_renewal_paid_in_time_is_booked_although_the_old_term_is_over(world: World, web: Service) -> None:
    term = world.renew(web, 6)
    world.pay(term)
    lose_jobs()
    world.at("2026-12-02T08:00+09:00")
    world.wait(seconds=1)
    assert world.reread(term).status == "paid"
    assert world.reread(web).term_ends_at == moment("2027-06-01T08:00+09:00")


def test_one_form_renews_once(world: World, web: Service) -> None:
    first = world.renew(web, 6, key="one form")
    assert world.renew_again("one form", web) == first
    world.pay(first)
    world.work()
    assert world.renew_again("one form", web) == first
    assert Invoice.objects.count() == SoldTerm.objects.count() == 1


def test_what_staff_saw_is_what_is_sold(world: World, web: Service) -> None:
    sold = {"key": "k", "staff": world.staff, "payment": Payment()}
    with world.unchanged(), pytest.raises(CannotSell, match="it is 34,188 JPY now"):
        renew(web, 6, shown_minor=34_187, shown_version=web.version, **sold)
    with world.unchanged(), pytest.raises(CannotSell, match="The service changed since this price was made"):
        renew(web, 6, shown_minor=34_188, shown_version=web.version - 1, **sold)
    world.change(web, backups=4)
    world.work()
    with world.unchanged(), pytest.raises(CannotSell, match="The service changed since this price was made"):
        renew(web, 6, shown_minor=34_188, shown_version=web.version, **sold)


def test_only_an_active_service_is_renewed(world: World, web: Service) -> None:
    web.status = Service.Status.SUSPENDED
    web.save()
    with pytest.raises(CannotSell, match="This one is: Suspended"):
        renewal_offer(web, 6)


def test_prices_and_discounts_are_those_of_the_day_it_is_sold(world: World, web: Service) -> None:
    """From September on memory is 500 and six months earn 50 %: 7,600 x 6 x 0.50 = 22,800."""
    september = moment("2026-09-01T00:00+09:00")
    new = PriceBook.objects.create(product=world.cloud, currency="JPY", starts_at=september, version=2)
    for rate in Rate.objects.filter(price_book__product=world.cloud):
        monthly = Decimal(500) if rate.resource_type.code == "memory" else rate.monthly
        Rate.objects.create(price_book=new, resource_type=rate.resource_type, monthly=monthly)
    schedule = DiscountSchedule.objects.create(product=world.cloud, starts_at=september, version=2)
    DiscountTier.objects.create(schedule=schedule, months=6, off=Decimal("0.5"))
    forget()
    assert renewal_offer(web, 6).price.total == 31_080
    world.at("2026-09-01T00:00+09:00")
    term = paid(world, web, 6)
    assert (term.net_minor, term.price_book_id, term.schedule_id) == (22_800, new.pk, schedule.pk)


def test_a_month_that_lacks_the_day_does_not_pull_the_others_back(world: World) -> None:
    """31 January, 28 February, 31 March, 30 April, and 31 March a year later."""
    world.open("2027-01-31T08:00+09:00")
    service = world.service(paid=8_140, months=1)
    assert world.reread(service).term_ends_at == moment("2027-02-28T08:00+09:00")
    ends = []
    for months in (1, 1, 11):
        world.clock.forward(timedelta(days=1))
        paid(world, service, months)
        ends.append(f"{world.reread(service).term_ends_at.astimezone(moment(AUGUST).tzinfo):%Y-%m-%d %H:%M}")
    assert ends == ["2027-03-31 08:00", "2027-04-30 08:00", "2028-03-31 08:00"]


def test_reductions_of_a_term_are_counted_in_the_term_that_runs(world: World, web: Service) -> None:
    """One reduction a term: a renewal that is paid ahead does not give a fresh one before it begins."""
    world.cloud.reductions_a_term = 1
    world.cloud.save()
    world.change(web, backups=6)
    world.work()
    paid(world, web, 6)
    with pytest.raises(Refused) as refused:
        world.quote(web, backups=5)
    reason = refused.value.refusals[0]
    assert (reason.code, reason.params["when"]) == (
        "no_reductions_left",
        "1\u00a0Dec\u00a02026, 08:00\u00a0JST",
    )
    world.at("2026-12-01T08:00+09:00")
    world.quote(web, backups=5)


@pytest.mark.parametrize(
    ("rule", "net"),
    [
        # 15 August to 1 June: 290 days, the last of the 182 days of the renewed term: 10,800 x 0.70 x 290/182
        ("period-days", 12_046),
        # 290 days less 6 h 2 min: 1,800 x 6 x 0.70 x 25,034,280 / 15,724,800 seconds
        ("period-seconds", 12_036),
        # 290 days of 365/12, 9.5342 months
        ("average-months", 12_013),
        # 6,954 hours of 720, 9.6583 months
        ("thirty-day-months", 12_170),
        # the 16 days after 15 August of 31, and nine whole months
        ("calendar-sum", 11_990),
    ],
)
def test_an_upgrade_after_an_early_renewal_under_every_other_rule(world: World, rule: str, net: int) -> None:
    world.open("2026-06-01T08:00+09:00")
    world.cloud.rule = rule
    world.cloud.save()
    web = world.service(paid=34_188)
    world.at(AUGUST)
    term = paid(world, web, 6)
    assert (term.net_minor, term.gross_minor) == (31_080, 34_188), "a term costs the same under every rule"
    assert world.quote(web, memory=8).net_minor == net


@pytest.mark.parametrize("rule", ["period-days", "period-seconds"])
def test_the_period_of_a_renewed_service_is_its_last_term(world: World, rule: str) -> None:
    """In the renewed term the first day costs what the renewal after it will cost more: 1,800 x 6 x 0.70 = 7,560."""
    world.open("2026-06-01T08:00+09:00")
    world.cloud.rule = rule
    world.cloud.save()
    web = world.service(paid=34_188)
    world.at(AUGUST)
    paid(world, web, 6)
    world.at("2026-12-01T08:00+09:00")
    quote = world.quote(web, memory=8)
    assert quote.net_minor == 7_560
    assert renewal_offer(world.reread(web), 6).price.total == 31_080
    assert quote.figures["renewal_after_minor"] - quote.figures["renewal_before_minor"] == 7_560
