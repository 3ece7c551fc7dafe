"""A change from the sliders to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from prorata.changes import states
from prorata.changes.cancel import GivenUp
from prorata.changes.example import published_example
from prorata.changes.models import Change, ChangeLine, Intervention, Quote
from prorata.changes.progress import Progress, ProgressStep, StepState
from prorata.changes.refusals import Refusal
from prorata.changes.situation import Situation
from prorata.changes.split import Split
from prorata.changes.words import reason_words, status_words
from prorata.credit.models import LogLine, Purse, Voucher, VoucherUse
from prorata.credit.pledge import Release
from prorata.guides.ease_words import ease_words
from prorata.guides.models import ChangeReaction
from prorata.guides.react import CARRIED_OUT
from prorata.portal.bill import example_parts, of_quote, of_quoted
from prorata.portal.catalogue import pages_of_money as money
from prorata.portal.catalogue.made_up import (
    ENDS,
    NOW,
    ZONE,
    aiko,
    quote,
    reading,
    service,
    situation,
    with_rows,
)
from prorata.portal.catalogue.rows import Rows
from prorata.portal.offer import offer
from prorata.portal.views.changes import SIGNS

Context = dict[str, Any]
MIXED = {"cpu": 4, "memory": 8, "backups": 4}


# --- choosing -----------------------------------------------------------------------------------------------


def _choose(posted: Mapping[str, object], found: Situation | None = None) -> Context:
    return offer(found or situation(), {code: str(value) for code, value in posted.items()})


def untouched() -> Context:
    """Every card as it stands: with room both ways, above a peak, at its floor, held by what is stored, never less,
    unknown use, an option; the host cannot give all of the disk that is sold."""
    return _choose({}, situation(minimum_charge_minor=500))


def mixed() -> Context:
    return _choose(MIXED | {"support": "always"})


def smaller() -> Context:
    return _choose({"backups": 4, "cpu": 1})


def refused() -> Context:
    """Below what is used, no number at all, between the values sold."""
    return _choose({"disk": 60, "memory": 5, "backups": "many", "addresses": 1})


def linked() -> Context:
    return _choose({"cpu": 8})


def silent() -> Context:
    return _choose({}, situation(reading=reading(taken_at=NOW - timedelta(hours=3))))


def impossible() -> Context:
    return _choose({}, situation(obstacles=(Refusal("term_over"),))) | {"hint_back": True}


# --- review and pay -----------------------------------------------------------------------------------------


def _review(of: Quote, **changed: Any) -> Context:
    now, due = situation(), max(of.gross_minor, 0)
    gifted, account = min(1_500, due), min(2_000, max(due - 1_500, 0))
    return {
        "quote": of, "service": of.service, "situation": now,
        "bill": of_quote(of, {code: limit.option_names for code, limit in now.limits.items()}),
        "split": Split(
            gross_minor=due, due_minor=due - gifted - account, gifted_minor=gifted, account_minor=account, parts=(),
            account_after_minor=431,
        ),
        "use_gifted": True, "use_account": True, "methods": money.METHODS, "method": "card", "remembered": "card",
        "restart_by": "us", "gifted": [Purse(expires_at=ENDS)], "gifted_minor": 1_500, "account_minor": 2_431, "stale": (),
        "expired": False, "may_change": True, "may_pay": True, "may_not_pay_refusal": Refusal("may_not_pay"),
        "values": "memory=8", "voucher": None, "vouchers": [], "voucher_code": "",
    } | changed  # fmt: skip


def _voucher() -> Voucher:
    return Voucher(
        code="WELCOME-500", name="Welcome offer", currency="JPY", amount_minor=500, expires_at=ENDS
    )


def split() -> Context:
    return _review(quote(MIXED), vouchers=[_voucher()])


def with_voucher() -> Context:
    found = quote(MIXED)
    found.figures |= {"discount_minor": 500, "voucher": "WELCOME-500"}
    return _review(found, voucher=_voucher(), use_account=False)


def receives() -> Context:
    return _review(quote({"backups": 4, "cpu": 1}))


def expired() -> Context:
    gone = quote(MIXED, expires_at=NOW - timedelta(minutes=3))
    return _review(gone, stale=(Refusal("quote_expired", None, {"until": "13:59\u00a0JST"}),), expired=True)


def refused_review() -> Context:
    return _review(quote(MIXED), wrong=(Refusal("credit_changed"),))


def may_not_pay() -> Context:
    return _review(quote(MIXED), may_pay=False, may_send=True)


# --- one change, from Submit to its end ---------------------------------------------------------------------

Steps = tuple[tuple[str, StepState], ...]


def _lines(state: str = "done") -> list[ChangeLine]:
    told = (
        ("cpu", "CPU cores", "", 2, 4),
        ("memory", "Memory", "GB", 4, 8),
        ("backups", "Backup generations", "", 7, 4),
    )
    return [
        ChangeLine(
            component=code, name=name, unit=unit, from_value=before, to_value=after, from_name=str(before),
            to_name=str(after), state=state, measured=before if state == "reversed" else after,
        )
        for code, name, unit, before, after in told
    ]  # fmt: skip


def _progress(*machine: StepState, paid: StepState = "done", end: StepState = "waiting") -> Progress:
    """Submitted, paid, a step a line, measured."""
    named = (
        "CPU cores 2\u00a0→\u00a04",
        "Memory 4\u00a0→\u00a08\u00a0GB",
        "Backup generations 7\u00a0→\u00a04",
    )
    details = {"failed": "Could not be done: no hot-plug on this machine"}
    steps = [
        ProgressStep(key="submitted", state="done", name="Submitted", at=NOW),
        ProgressStep(key="paid", state=paid, name="Paid" if paid == "done" else "Waiting for payment", at=_at(paid)),
        *(
            ProgressStep(
                key=f"step-{n}", state=state, name=name, at=_at(state), detail=details.get(state, ""),
                usually="usually 20 to 45 s" if state in ("doing", "waiting") else "",
            )
            for n, (name, state) in enumerate(zip(named, machine, strict=False))
        ),
    ]  # fmt: skip
    if machine:
        steps.append(ProgressStep(key="measured", state=end, name="Checked by measuring", at=_at(end)))
    return Progress(tuple(steps))


def _at(state: StepState) -> datetime | None:
    return None if state in ("waiting", "skipped") else NOW + timedelta(seconds=40)


def _change(status: str, **changed: Any) -> Change:
    of = service()
    facts: dict[str, Any] = {
        "pk": 0, "reference": "C-9QXM-71TV", "service": of, "customer": of.customer, "status": status, "quote": quote(MIXED),
        "submitted_by": aiko(), "submitted_at": NOW, "currency": "JPY", "gross_minor": 6_897,
        "deadline": NOW + timedelta(hours=4), "ended_at": None if status in states.OPEN else NOW + timedelta(minutes=1),
    }  # fmt: skip
    return with_rows(Change(**(facts | changed)), lines=_lines(), interventions=[])


def _shown(
    status: str, progress: Progress, *, line: str = "done", invoice: str = "paid", reason: str = "", restart: bool = False,
    **changed: Any,
) -> Context:  # fmt: skip
    change = _change(status, restart_pending=restart)
    bill = of_quoted(change.quote)
    as_paid = line == "done" and not restart
    lines = [
        {"line": one, "measured": one.measured, "measured_name": str(one.measured), "as_paid": as_paid}
        for one in _lines(line)
    ]  # fmt: skip
    sign = "need" if restart else "busy" if changed.get("begun") else SIGNS[status]
    return money.payment(invoice) | {
        "change": change, "service": change.service, "quote": change.quote, "figures": change.quote.figures, "zone": ZONE,
        "progress": progress, "words": changed.get("begun") or status_words(change), "sign": sign,
        "reason": reason_words(reason) if reason else "", "open": status in states.OPEN, "lines": lines, "notes": [],
        "log": [LogLine(what="paid", amount_minor=-1_500, currency="JPY", purse=Purse(kind=Purse.Kind.GIFTED))],
        "may_change": True, "now": NOW, "interventions": [], "paid_with": "Credit card", "prolonged": [],
        "gift_gone_minor": 0, "mailed": True,
        "returned_minor": 0, "discount_minor": 0, "gifted_back_minor": 0, "bill": bill, "facts": bill.notes_later(NOW),
        "feelings": ease_words() if status in CARRIED_OUT else {},
    } | changed  # fmt: skip


def _parked() -> Context:
    return _shown(states.PARKED, _progress("done", "doing", "waiting"), reason="busy")


def _attention() -> Context:
    looked = Intervention(
        what="take_over", reason="I look at it this afternoon.", at=NOW + timedelta(minutes=9)
    )
    return _shown(
        states.ATTENTION, _progress("done", "failed", "skipped"), reason="drift", interventions=[looked]
    )


def _cancelled() -> Context:
    log = [
        LogLine(
            what="released", amount_minor=1_500, currency="JPY", purse=Purse(kind="gifted", expires_at=ENDS)
        )
    ]
    return _shown(
        states.CANCELLED,
        _progress(paid="skipped"),
        invoice="cancelled",
        log=log,
        prolonged=log,
        gift_gone_minor=300,
    )


STATES: dict[str, Callable[[], Context]] = {
    "unpaid": lambda: _shown(
        states.AWAITING_PAYMENT, _progress("waiting", "waiting", "waiting", paid="doing"), invoice="not_begun"
    ),
    "paid": lambda: _shown(states.AWAITING_PAYMENT, _progress("waiting", "waiting", "waiting"), begun="Paid"),
    "applying": lambda: _shown(states.APPLYING, _progress("done", "doing", "waiting")),
    "applying_without_a_mail": lambda: _shown(states.APPLYING, _progress("done", "doing", "waiting"), mailed=False),
    "parked": _parked,
    "attention": _attention,
    "applied": lambda: _shown(states.APPLIED, _progress("done", "done", "done", end="done")),
    "restart_to_come": lambda: _shown(states.APPLIED, _progress("done", "done", "done", end="done"), restart=True),
    "partly_applied": lambda: _shown(
        states.PARTLY_APPLIED, _progress("done", "failed", "done", end="done"), returned_minor=5_597,
        reaction=ChangeReaction(feeling="sad", comment="Which part was done stood too far down."),
    ),
    "reversed": lambda: _shown(
        states.REVERSED, _progress("failed", "skipped", "skipped", end="done"), line="reversed", returned_minor=6_897
    ),
    "cancelled": _cancelled,
    "expired": lambda: _shown(states.EXPIRED, _progress(paid="skipped"), invoice="expired"),
}  # fmt: skip


def listed() -> Context:
    """A change in each of its states, and three terms."""
    rows = [
        {"change": one, "words": status_words(one), "sign": SIGNS[status]}
        for status in SIGNS
        if (one := _change(status))
    ]
    return {
        "service": service(), "rows": rows, "page": Rows(), "zone": ZONE, "tab": "changes", "terms": money.terms(),
    }  # fmt: skip


def none_yet() -> Context:
    return {
        "service": service(),
        "rows": [],
        "page": Rows(more=False),
        "zone": ZONE,
        "tab": "changes",
        "terms": [],
    }


def cancel() -> Context:
    """All that giving up can bring back."""
    change = _change(states.AWAITING_PAYMENT)
    ended = NOW - timedelta(days=1)
    held = (
        Release(kind="gifted", amount_minor=1_500, until=ENDS),
        Release(kind="gifted", amount_minor=300, until=NOW + timedelta(days=7), prolonged=True),
        Release(kind="gifted", amount_minor=200, until=ended, lost=True),
        Release(kind="account", amount_minor=2_000, until=None),
    )
    back = GivenUp(held=held, voucher=VoucherUse(voucher=_voucher()), received_minor=1_000)
    return {
        "change": change, "service": change.service, "invoice": money.invoice("part"), "refusal": None, "zone": ZONE,
        "back": back,
    }  # fmt: skip


def cannot_cancel() -> Context:
    return cancel() | {"refusal": Refusal("payment_running"), "back": None}


def example() -> Context:
    shown = published_example()
    return {"example": shown, "parts": example_parts(shown)}
