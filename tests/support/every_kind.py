"""A provider with every kind of change and of money, for tests that ask what its books would show."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from prorata.changes.cancel import cancel
from prorata.changes.drift.accept import accept
from prorata.changes.drift.bring import bring
from prorata.changes.drift.leave import leave
from prorata.changes.drift.open_now import open_now
from prorata.changes.models import Change
from prorata.changes.pay import start_paying
from prorata.changes.terms import close
from prorata.credit.correct import correct_account, take_back
from prorata.credit.models import LogLine
from prorata.customers import staff_view
from prorata.customers.models import User
from prorata.payments.bank import take_back as bank
from prorata.payments.bank.allocate import set_aside, to_credit, to_debt
from prorata.payments.bank.models import Allocation, StatementLine
from prorata.payments.look import look
from prorata.payments.models import Capture, PaymentAttempt
from prorata.payments.refund import refund
from prorata.services.models import Service
from prorata.support.answer import write_note
from prorata.support.attach import Sent
from prorata.support.close import close_mine
from support.bank import ACTOR, Entry, bank_account, statement
from support.drift import by_hand, compared
from support.tickets import LOG, answered, ask
from support.world import World

LIVE = {"grow": "live", "shrink": "live"}


def every_kind(world: World) -> None:
    """One change of every end, paid in every way; vouchers used, held and free again; gifts that end and are prolonged;
    corrections, some that were taken back, and days that were earned."""
    world.open("2026-06-01T08:00+09:00")
    _reductions_and_returns(world)
    _given_up(world)
    _machines_that_fail(world)
    _money_that_goes_back(world)
    _by_transfer(world)
    _still_open(world)
    _terms(world)
    _corrections(world)
    _tickets(world)
    _by_hand(world)
    _earned(world)


def _by_card(world: World, service: Service, *, voucher: str = "", **wanted: int | str) -> Change:
    change = world.submit(
        world.quote(service, voucher=voucher, **wanted), use_account=False, use_gifted=False
    )
    world.pay(change)
    world.work()
    return change


def _oddly(world: World, service: Service, what: dict[str, int | str], **wanted: int | str) -> Change:
    """The gateway captures what nobody asked for; a gift is used, account credit is not."""
    change = world.submit(world.quote(service, **wanted), use_account=False)
    attempt = world.checkout(change)
    world.gateway.settings(**what)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    look(attempt.pk)
    world.gateway.settings(**dict.fromkeys(what))
    world.work()
    return change


def _reductions_and_returns(world: World) -> None:
    """web-01: by card; by gift and card; down again, which returns both kinds; then by credit; then with a voucher."""
    web = world.service(paid=34_188, name="web-01")
    world.at("2026-08-15T14:02+09:00")
    _by_card(world, web, memory=8)
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    world.pay(world.change(web, disk=200))
    world.work()
    for wanted in ({"backups": 4}, {"memory": 4}, {"snapshots": 4}):
        world.change(web, **wanted)
        world.work()
    world.voucher(amount_minor=1_000)
    _by_card(world, web, voucher="SUMMER", cpu=4)


def _given_up(world: World) -> None:
    """web-02: cancelled with a voucher, and its money came late; expired with partial money and a gift that had ended."""
    web = world.service(paid=34_188, name="web-02")
    world.voucher("AUTUMN", amount_minor=500)
    change = world.submit(world.quote(web, voucher="AUTUMN", memory=8), use_account=False)
    attempt = world.checkout(change)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    cancel(world.owner, change.reference)
    world.work()
    world.gift(700, until="2026-08-15T15:00+09:00")
    change = _oddly(world, web, {"capture_amount_minor": 1_000}, memory=8)
    world.wait(minutes=80)
    assert world.reread(change).status == "expired"


def _machines_that_fail(world: World) -> None:
    """web-03: partly applied, and reversed whole; then money that is too much, and money in another currency."""
    web = world.service(paid=34_188, name="web-03", components={"backups": LIVE, "snapshots": LIVE})
    world.hypervisor.change_component(web.external_id, "memory", refuses="no hot-plug on this machine")
    assert _ends(world, _by_card(world, web, cpu=4, memory=8)) == "partly_applied"
    assert _ends(world, _by_card(world, web, memory=8)) == "reversed"
    _oddly(world, web, {"capture_amount_minor": 30_000}, disk=200)
    _oddly(world, web, {"capture_currency": "USD"}, snapshots=5)


def _money_that_goes_back(world: World) -> None:
    """Refunded by staff from credit, by hand at the gateway, failed afterwards; disputed and lost, disputed and won."""
    captures = list(Capture.objects.select_related("attempt").order_by("id"))
    whole = [capture for capture in captures if capture.outcome == "invoice"]
    surplus = next(capture for capture in captures if capture.outcome == "surplus")
    held = next(capture for capture in captures if capture.outcome == "suspense")
    for capture, amount in ((surplus, 900), (held, held.amount_minor)):
        refund(capture.pk, amount_minor=amount, reason="asked for it", actor=f"user:{world.owner.pk}")
    made = world.gateway.refund_by_hand(whole[0].attempt.gateway_ref, 300)
    disputes = [world.gateway.dispute(capture.attempt.gateway_ref) for capture in whole[1:3]]
    for capture in whole[:3]:
        look(capture.attempt_id)
    world.gateway.end_refund(made, "failed")
    world.gateway.move_dispute(disputes[0], "lost")
    world.gateway.move_dispute(disputes[1], "won")
    for capture in whole[:3]:
        look(capture.attempt_id)
    world.work()


def _by_transfer(world: World) -> None:
    """web-05: by transfer, in part and then too much; and money that staff assigned in every way and took back."""
    bank_account(world.seller)
    web = world.service(paid=34_188, name="web-05")
    change = world.submit(world.quote(web, memory=8), use_account=False, method="bank_transfer")
    assert change.invoice is not None
    start_paying(world.owner, change.invoice, "bank_transfer")
    reference = PaymentAttempt.objects.get(invoice=change.invoice).gateway_ref
    statement(
        Entry(amount=1_000, text=f"part {reference}"), Entry(amount=40_000, text=f"rest {reference}"),
        Entry(amount=700, text="nobody knows"), Entry(amount=800, text="for later"), Entry(amount=900, text="rent"),
        Entry(amount=950, text="sent back"), Entry(amount=-250, text="fee", name=""),
    )  # fmt: skip
    world.work()
    assert _ends(world, change) == "applied"
    lines = {one.text: one for one in StatementLine.objects.all()}
    set_aside(lines["rent"], "not_ours", reason="a deposit", actor=ACTOR)
    set_aside(lines["sent back"], "returned", reason="a mistake", actor=ACTOR)
    other = world.new_customer("Suzuki Works", "ken@example.com")[0]
    given = to_credit(lines["for later"], other, amount_minor=500, actor=ACTOR)
    bank.take_back(given.pk, shown_debt_minor=0, reason="not hers", actor=ACTOR)
    paid = Allocation.objects.get(line=lines[f"rest {reference}"])
    bank.take_back(paid.pk, shown_debt_minor=bank.way_back(paid).debt_minor, reason="not his", actor=ACTOR)
    to_debt(lines[f"rest {reference}"], world.customer, amount_minor=300, actor=ACTOR)
    to_credit(lines["for later"], other, actor=ACTOR)
    world.work()


def _ends(world: World, change: Change) -> str:
    status: str = world.reread(change).status
    return status


def _by_hand(world: World) -> None:
    """web-10: machines changed by hand, one size taken over, one brought back, one left until a date."""
    web = world.service(paid=34_188, name="web-10")
    by_hand(world, web, cpu=4, memory=6, backups=9)
    compared(world)
    of_web = {one.component: one for one in open_now().filter(service=web)}
    accept(world.staff, of_web["memory"].pk, "A gift for the trouble.", shown_measured=6)
    leave(world.staff, of_web["cpu"].pk, "A trial.", until=world.clock.now() + timedelta(days=30))
    bring(world.staff, of_web["backups"].pk, "A mistake.", shown_measured=9, may_restart=True)
    world.work()


def _still_open(world: World) -> None:
    """cvm-01 in USD changes its instance type; web-04 waits for money, with a pledge and a voucher that are held."""
    cvm = world.cvm_01()
    _by_card(world, cvm, instance_type="2c4g")
    world.gift(900, until="2026-12-01T00:00+09:00")
    web = world.service(paid=34_188, name="web-04")
    world.voucher("WINTER", off=Decimal("0.10"))
    world.submit(world.quote(web, voucher="WINTER", memory=8), use_account=False)
    world.work()


def _terms(world: World) -> None:
    """shop-01: sold by gift and card, renewed ahead, up and down again; sold and expired with partial money; sold and
    cancelled; a renewal that waits, with a pledge, and a purchase that waits."""
    world.gift(600, until="2026-12-30T00:00+09:00")
    sold = world.sell(world.wanted(months=6, name="shop-01"), use_gifted=True)
    world.pay(sold)
    world.work()
    world.pay(world.renew(sold.service, 3))
    world.work()
    _by_card(world, sold.service, memory=8)
    world.submit(world.quote(sold.service, backups=4), use_account=False)
    world.work()
    given_up = world.wanted(months=1, name="shop-02")
    attempt = world.checkout(world.sell(given_up))
    world.gateway.settings(capture_amount_minor=1_000)
    world.gateway.pay(attempt.gateway_ref, mode="never")
    look(attempt.pk)
    world.gateway.settings(capture_amount_minor=None)
    close.expire(attempt.invoice.term.pk)
    close.cancel(world.sell(given_up).pk, world.staff)
    world.gift(80, until="2026-12-31T00:00+09:00")
    world.renew(sold.service, 1, use_gifted=True)
    world.sell(world.wanted(months=1, name="shop-03"))
    world.work()


def _corrections(world: World) -> None:
    """Staff raise the account credit, lower it, and take back what was lowered and a gift."""
    said = {"reason": "A mistake of ours", "actor": "staff:test"}
    for key, amount in (("up", 300), ("down", -200)):
        correct_account(customer_id=world.customer.pk, amount_minor=amount, currency="JPY", key=key, **said)
    take_back(LogLine.objects.get(origin="correction:down"), **said)
    world.gift(40, until="2026-12-24T00:00+09:00")
    take_back(LogLine.objects.filter(what="granted").latest("id"), **said)


def _tickets(world: World) -> None:
    """One about a change, with a file, answered and noted, for which staff viewed the portal; one that was closed."""
    change = Change.objects.order_by("id").first()
    assert change is not None
    ticket = ask(world.owner, about=change.origin, files=[Sent(name="boot.log", data=LOG)])
    write_note(world.staff, ticket.pk, "The host was full.", key="note")
    answered(world.staff, ticket)
    boss = User.objects.create_superuser("boss@example.com", "a-long-password")
    staff_view.end(staff_view.begin(boss, world.customer, "To see it."), "pressed")
    close_mine(world.owner, ask(world.owner, key="two").reference)
    world.work()


def _earned(world: World) -> None:
    """The night after: the days of August so far, what was taken over with adopted services among them."""
    world.at("2026-08-16T00:17+09:00")
    world.recognise()
