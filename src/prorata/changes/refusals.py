"""Why something cannot be chosen, as values, and in words.

A refusal says what, how much, and the way out. Page, API and submit print the same sentence from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.catalog.names import in_language
from prorata.changes.machine_words import in_readers_words


@dataclass(frozen=True)
class WayOut:
    """Values that would make it possible, by resource code, and how they are spoken of: "8 GB of Memory"."""

    values: Mapping[str, int | str]
    words: str


@dataclass(frozen=True)
class Refusal:
    """`code` is stable; `component` names the resource it concerns, None for the whole service; `params` fill the words.
    `ways` are values to choose instead, where there are some."""

    code: str
    component: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    ways: tuple[WayOut, ...] = ()


class Refused(Exception):
    """What was asked for cannot be done; nothing was changed."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("; ".join(r.code for r in refusals))
        self.refusals = tuple(refusals)


def words(refusal: Refusal) -> str:
    """One or two full sentences: what is so, and what to do."""
    if (counted := _COUNTED.get(refusal.code)) is not None:
        return counted(int(str(refusal.params["count"]))) % _said(refusal)
    sentence = _sentences().get(refusal.code)
    if sentence is None:
        raise KeyError(f"refusal {refusal.code!r} has no words")
    return sentence % _said(refusal)


def _said(refusal: Refusal) -> dict[str, object]:
    """What fills the words; the resource by its name in the reader's language."""
    said = dict(refusal.params)
    if refusal.code == "machine_keeps":
        said["reason"] = in_readers_words(str(said["reason"]))
    return said | {"name": in_language(str(said["name"]))} if "name" in said else said


def way_out(refusal: Refusal) -> str:
    """What would make it possible; empty where the sentence itself says it."""
    if refusal.ways:
        return _("Choose %(ways)s.") % {"ways": _(" or ").join(way.words for way in refusal.ways)}
    if refusal.code in ("in_use_peak", "in_use_peak_reserve"):
        return _peak_passes(int(str(refusal.params["count"]))) % dict(refusal.params)
    return _ways_out().get(refusal.code, "") % dict(refusal.params)


def _objects_exist(count: int) -> str:
    return ngettext(
        "%(name)s cannot go below %(floor)s: %(count)s exists (%(objects)s).",
        "%(name)s cannot go below %(floor)s: %(count)s exist (%(objects)s).",
        count,
    )


def _in_use_peak(count: int) -> str:
    return ngettext(
        "%(name)s cannot go below %(floor)s: %(peak)s was used within the last day.",
        "%(name)s cannot go below %(floor)s: %(peak)s was used within the last %(count)s days.",
        count,
    )


def _in_use_peak_reserve(count: int) -> str:
    return ngettext(
        "%(name)s cannot go below %(floor)s: %(peak)s was used within the last day and %(percent)s %% must stay free.",
        "%(name)s cannot go below %(floor)s: %(peak)s was used within the last %(count)s days and %(percent)s %% must"
        " stay free.",
        count,
    )


def _peak_passes(count: int) -> str:
    return ngettext(
        "Use less for a day, and less can be chosen.",
        "Use less for %(count)s days, and less can be chosen.",
        count,
    )


def _no_reductions_left(count: int) -> str:
    if not count:
        return _("%(name)s cannot go below %(floor)s: this product is not reduced during a term.")
    return ngettext(
        "%(name)s cannot go below %(floor)s: the one reduction of this term was made.",
        "%(name)s cannot go below %(floor)s: the %(count)s reductions of this term were made.",
        count,
    )


def _changes_used_up(count: int) -> str:
    return ngettext(
        "This service can be changed once a day, and today it was.",
        "This service can be changed %(count)s times a day, and today it was.",
        count,
    )


def _cooling_down(count: int) -> str:
    return ngettext(
        "%(count)s hour passes between two changes of this service.",
        "%(count)s hours pass between two changes of this service.",
        count,
    )


_COUNTED = {
    "objects_exist": _objects_exist,
    "in_use_peak": _in_use_peak,
    "in_use_peak_reserve": _in_use_peak_reserve,
    "no_reductions_left": _no_reductions_left,
    "changes_used_up": _changes_used_up,
    "cooling_down": _cooling_down,
}


def _sentences() -> dict[str, str]:
    return {
        **_about_a_component(),
        **_about_the_service(),
        **_about_the_quote(),
        **_about_the_voucher(),
        **_about_the_change(),
    }


def _about_a_component() -> dict[str, str]:
    return {
        "not_a_number": _("%(name)s must be a whole number, such as %(example)s."),
        "unknown_option": _("%(name)s: choose one of the options shown."),
        "off_step_between": _("%(name)s can be %(below)s or %(above)s."),
        "above_maximum": _("%(name)s cannot go above %(limit)s: more is not sold."),
        "below_minimum": _("%(name)s cannot go below %(limit)s: less is not sold."),
        "in_use": _("%(name)s cannot go below %(floor)s: %(used)s is used."),
        "in_use_reserve": _(
            "%(name)s cannot go below %(floor)s: %(used)s is used and %(percent)s %% must stay free."
        ),
        "no_shrink": _("%(name)s can grow but not shrink: %(floor)s is the lowest possible."),
        "machine_keeps": _("%(name)s cannot go below %(floor)s: %(reason)s."),
        "usage_unknown": _(
            "%(name)s cannot be reduced now: how much is used is not known. Increases are possible."
        ),
        "host_full": _("%(name)s cannot go above %(limit)s on this host."),
        "unpaid_hold_room": _(
            "%(name)s cannot go above %(limit)s now: your unpaid changes hold as much of the host's room as they may."
        ),
        "differs": _(
            "%(name)s cannot be changed now:"
            " our staff are looking at a difference between what was bought and what the machine has."
        ),
        "needs_more": _("%(what)s need at least %(need)s."),
        "option_needs_more": _("%(what)s needs at least %(need)s."),
    }


def _about_the_service() -> dict[str, str]:
    return {
        "nothing_to_change": _("Change at least one value to continue."),
        "not_active": _("Changes are possible when the service is Active. It is %(status)s now. %(reason)s"),
        "term_over": _("The term of this service has ended. Renew it to change its resources."),
        "term_to_come": _(
            "The term of this service has not begun. It can be changed from its first moment on."
        ),
        "unpaid_purchase": _("This service starts when its invoice %(invoice)s is paid."),
        "unpaid_renewal": _(
            "The renewal of this service waits for payment (%(invoice)s). It can be changed when that is paid or cancelled."
        ),
        "open_change": _("Change %(reference)s of this service is still open. Finish or cancel it first."),
        "no_price": _("This service cannot be priced now: %(detail)s"),
    }


def _about_the_quote() -> dict[str, str]:
    return {
        "quote_expired": _("This price was valid until %(until)s. Renew the price to go on."),
        "service_changed": _("The service changed since this price was made. Here is the new estimate."),
        "tampered": _(
            "The amount sent is not the amount quoted. Nothing was changed; look at the price again."
        ),
        "credit_changed": _(
            "Your available credit changed since this page was made. Look at the split again."
        ),
        "choose_method": _("Choose how you want to pay."),
        "may_not_pay": _(
            "You may choose a change, but not pay for it. Ask somebody of your team who may pay."
        ),
        "no_room": _(
            "The host has no room for more %(name)s now: another change took it. Choose less, or ask support."
        ),
        "unpaid_hold_too_much": _(
            "Your unpaid changes hold the host's room for %(name)s: they may hold %(left)s more."
            " Pay or cancel one of them first, or choose less."
        ),
    }


def _about_the_voucher() -> dict[str, str]:
    return {
        "voucher_unknown": _("There is no voucher %(code)s. Look at the code again."),
        "voucher_guesses": _("Too many unknown codes were tried. Try again in an hour."),
        "voucher_withdrawn": _("Voucher %(code)s was withdrawn. The change is possible without it."),
        "voucher_too_early": _("Voucher %(code)s is not valid yet. The change is possible without it."),
        "voucher_over": _("Voucher %(code)s has expired. The change is possible without it."),
        "voucher_currency": _("Voucher %(code)s is for services in another currency."),
        "voucher_product": _("Voucher %(code)s is for other services."),
        "voucher_used_up": _("Voucher %(code)s has been used up. The change is possible without it."),
        "voucher_used_by_you": _("You used voucher %(code)s already. The change is possible without it."),
        "voucher_nothing_to_pay": _(
            "A voucher is taken from what is to be paid, and nothing is to be paid here. Keep it for another change."
        ),
        "voucher_out_of_scope": _("Voucher %(code)s is for other resources than those that grow here."),
        "voucher_minimum_spend": _(
            "Voucher %(code)s is for changes from %(minimum)s on, before tax is added."
        ),
        "voucher_too_small": _("Voucher %(code)s would take off less than the smallest coin here."),
    }


def _about_the_change() -> dict[str, str]:
    return {
        "not_cancellable": _("This change can no longer be cancelled: it is %(status)s."),
        "payment_running": _(
            "Your payment is being checked, or your bank is working on it."
            " The change can be cancelled when the answer is known."
        ),
    }


def _ways_out() -> dict[str, str]:
    return {
        "in_use": _("Free some of it to choose less."),
        "in_use_reserve": _("To choose %(below)s, free %(free_first)s first."),
        "objects_exist": _("Delete what you no longer need to choose less."),
        "no_reductions_left": _("Less is possible in your next term, from %(when)s on."),
        "changes_used_up": _("It can be changed again from %(when)s on."),
        "cooling_down": _("It can be changed again from %(when)s on."),
        "machine_keeps": _("Move to a smaller machine, or ask support."),
        "no_shrink": _("Move to a smaller machine, or ask support."),
        "usage_unknown": _("Refresh in a minute; if it stays so, ask support."),
        "differs": _("Everything else can be changed. Ask support how long it takes."),
        "needs_more": _("Ask support: neither can be changed that far now."),
        "option_needs_more": _("Ask support: neither can be changed that far now."),
        "host_full": _("More is possible after a move to another host: ask support."),
        "unpaid_hold_room": _("Pay or cancel one of them to choose more."),
    }
