"""How a price is worked out, in the reader's words: the steps of the pure core, arranged as four numbered parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.portal import when
from prorata.portal.explain_parts import Params, Part, Row, last_day, leg
from prorata.portal.explain_time import TIMES
from prorata.portal.money import exact_number

PRICE = re.compile(r"[0-9.]+")


class _Explanation:
    """Collects the steps one by one; each method is named after the key of its step."""

    def __init__(self, names: Mapping[str, str], zone: ZoneInfo, tax_label: str, digits: int) -> None:
        self.names, self.zone, self.tax_label, self.digits = names, zone, tax_label or _("Tax"), digits
        self.time, self.rate = Part(_("Time left")), Part(_("Your rate"))
        self.lines, self.rounding = (
            Part(_("Each line")),
            Part(_("Rounding and tax") if tax_label else _("Rounding")),
        )
        self.layers: list[Params] = []
        self.formulas: set[str] = set()

    def parts(self) -> list[Part]:
        self.lines.lead = self.formulas.pop() if len(self.formulas) == 1 else ""
        return [part for part in (self.time, self.rate, self.lines, self.rounding) if part.rows or part.notes]

    def say(self, key: str) -> Callable[[Params], None]:
        """What says a step of this key."""
        if key in TIMES:
            return partial(TIMES[key], self.time)
        said: Callable[[Params], None] = getattr(self, key.replace(".", "_"))
        return said

    # --- time left ---

    def time_whole(self, p: Params) -> None:
        months = int(p["months"])
        said = ngettext("%(n)s whole month", "%(n)s whole months", months) % {"n": months}
        self.time.rows.append(Row(leg(p), said))

    def time_days(self, p: Params) -> None:
        self.time.rows.append(Row(leg(p), _("%(days)s of %(of)s days") % p))

    def time_days_over(self, p: Params) -> None:
        self.time.rows.append(
            Row(leg(p), _("%(days)s days, more than the %(of)s of that month: 1 month") % p)
        )

    def time_last_day(self, p: Params) -> None:
        self.time.rows.append(Row(last_day(p), _("1 of %(of)s days") % p))

    def time_together(self, p: Params) -> None:
        said = _("%(whole)s + %(days)s/%(of)s = %(months)s months") % p
        self.time.rows.append(Row(_("Together"), said.replace(" ", when.GAP), "tot"))

    # --- rate ---

    def rate_range(self, p: Params) -> None:
        self.rate.rows.append(
            Row(self.scoped(p, _("%(stretch)s left") % {"stretch": stretch(p)}), off(p, True))
        )

    rate_open = rate_range

    def rate_none(self, p: Params) -> None:
        self.rate.rows.append(Row(self.scoped(p, _("No discounts")), _("the full price")))

    def rate_same(self, p: Params) -> None:
        self.rate.rows.append(Row(self.scoped(p, _("Today")), off(p, True)))

    def rate_other(self, p: Params) -> None:
        shown = {"stretch": self.scoped(p, stretch(p)), "off": off(p, False)}
        self.rate.notes.append(_("%(stretch)s: %(off)s.") % shown)

    rate_other_open = rate_other

    def rate_until(self, p: Params) -> None:
        until = when.moment(datetime.fromisoformat(p["until"]), ZoneInfo(p["zone"]))
        self.rate.notes.append(
            self.scoped(p, _("You keep this rate if you submit before %(until)s.") % {"until": until})
        )

    def scoped(self, p: Params, text: str) -> str:
        """With the line or side it holds for, where it does not hold for all."""
        side = {"old": _("before"), "new": _("after")}.get(p.get("side", "both"), "")
        scope = _(", ").join(part for part in (self.name(p["line"]) if p.get("line") else "", side) if part)
        return f"{scope}: {text}" if scope else text

    # --- lines ---

    def name(self, code: str) -> str:
        return self.names.get(code, code)

    def price_made_up(self, p: Params) -> None:
        parts = PRICE.sub(lambda found: self.price(found[0]), p["parts"])
        shown = {"name": self.name(p["name"]), "parts": parts, "price": self.price(p["price"])}
        said = _("%(name)s before: %(parts)s") if p["side"] == "old" else _("%(name)s after: %(parts)s")
        self.lines.rows.append(Row(said % shown, _("%(price)s a month") % shown))

    def line_formula(self, p: Params) -> None:
        self.formulas.add(_("(new − old monthly price) × %(months)s × %(factor)s") % p)
        self.difference(p)

    def line_full_price(self, p: Params) -> None:
        self.formulas.add(_("(new − old monthly price) × %(months)s") % p)
        self.difference(p)

    def difference(self, p: Params) -> None:
        shown = {"name": self.name(p["name"]), "new": self.price(p["new"]), "old": self.price(p["old"])}
        label = _("%(name)s (%(new)s − %(old)s)") % shown
        self.lines.rows.append(Row(label, self.figure(p["exact"])))

    def line_sides(self, p: Params) -> None:
        self.formulas.add("")  # each such line says its whole sum itself
        shown = dict(p) | {
            "name": self.name(p["name"]),
            "new": self.price(p["new"]),
            "old": self.price(p["old"]),
        }
        label = _("%(name)s (%(new)s × %(new_factor)s − %(old)s × %(old_factor)s) × %(months)s") % shown
        self.lines.rows.append(Row(label, self.figure(p["exact"])))

    def lines_none(self, p: Params) -> None:
        self.lines.notes.append(_("Nothing changes: nothing to pay."))

    def line_no_credit(self, p: Params) -> None:
        self.strike()
        self.lines.rows.append(Row(_("a reduction gives nothing back"), self.figure("0")))

    def cap_layer(self, p: Params) -> None:
        self.layers.append(p)

    cap_layer_share = cap_layer

    def cap_unpaid(self, p: Params) -> None:
        self.strike()
        self.lines.rows.append(Row(_("nothing was paid for it, so nothing comes back"), self.figure("0")))

    def line_capped(self, p: Params) -> None:
        layers, self.layers = self.layers, []
        if not layers:
            return
        self.strike()
        if len(layers) == 1:
            self.lines.rows.append(Row(self.at_most(layers[0]), self.figure(p["exact"])))
            return
        self.lines.rows += [Row(self.at_most(layer), self.figure(layer["value"])) for layer in layers]
        self.lines.rows.append(Row(_("so"), self.figure(p["exact"])))

    def rebuy_paid(self, p: Params) -> None:
        self.lines.rows.append(Row(_("paid in cash for what you have"), self.figure(p["amount"])))

    def rebuy_months(self, p: Params) -> None:
        shown = {**p, "monthly": self.price(p["monthly"]), "since": when.day(date.fromisoformat(p["since"]))}
        label = _("used since %(since)s: %(monthly)s × %(months)s whole months × %(factor)s") % shown
        self.lines.rows.append(Row(label, self.less(p["exact"])))

    def rebuy_days(self, p: Params) -> None:
        shown = {**p, "monthly": self.price(p["monthly"]), "since": when.day(date.fromisoformat(p["since"]))}
        label = _("used since %(since)s, the days after whole months: %(monthly)s × %(days)s/30") % shown
        self.lines.rows.append(Row(label, self.less(p["exact"])))

    def rebuy_hours(self, p: Params) -> None:
        shown = {**p, "hourly": self.price(p["hourly"]), "since": when.day(date.fromisoformat(p["since"]))}
        label = _("used since %(since)s, the days after whole months: %(hourly)s × %(hours)s hours") % shown
        self.lines.rows.append(Row(label, self.less(p["exact"])))

    def rebuy_anew(self, p: Params) -> None:
        shown = {**p, "monthly": self.price(p["monthly"])}
        label = _("the new configuration for the time left: %(monthly)s × %(months)s × %(factor)s") % shown
        self.lines.rows.append(Row(label, self.less(p["exact"])))

    def rebuy_credit(self, p: Params) -> None:
        left = Decimal(p["exact"]) > 0
        label = (
            _("so at most this comes back in all") if left else _("nothing is left, so nothing comes back")
        )
        self.lines.rows.append(Row(label, self.figure(p["exact"]), "tot"))

    def rebuy_part(self, p: Params) -> None:
        shown = {name: self.figure(p[name]) for name in ("grown", "credit", "reduced")}
        label = _("of every reduction counts (%(grown)s + %(credit)s) ÷ %(reduced)s") % shown
        self.lines.rows.append(Row(label))

    def line_settled(self, p: Params) -> None:
        shown = {"name": self.name(p["name"]), "before": self.figure(p["before"])}
        label = _("%(name)s, instead of %(before)s") % shown
        self.lines.rows.append(Row(label, self.figure(p["exact"])))

    def less(self, amount: str) -> str:
        """A part that is taken off."""
        return self.figure(amount if amount.startswith("-") else f"-{amount}")

    def at_most(self, p: Params) -> str:
        amount = self.price(p["amount"])
        if "share" in p:
            return _("at most what you paid: %(amount)s × %(unused)s/%(days)s days × %(share)s") % {
                **p,
                "amount": amount,
            }
        return _("at most what you paid: %(amount)s × %(unused)s/%(days)s days") % {**p, "amount": amount}

    def strike(self) -> None:
        """What the formula alone would have given does not count."""
        last = self.lines.rows[-1]
        if not last.css:
            self.lines.rows[-1] = Row(last.label, last.value, "struck")

    # --- rounding and tax ---

    def total_sum(self, p: Params) -> None:
        self.rounding.rows.append(Row(_("Lines together"), self.figure(p["exact"])))

    def carry_in(self, p: Params) -> None:
        self.rounding.rows.append(Row(_("Left over from your last change"), self.figure(p["carry"])))

    def total_rounded(self, p: Params) -> None:
        self.rounding.rows.append(Row(_("Rounded once"), exact_number(p["total"], self.digits)))

    def carry_out(self, p: Params) -> None:
        said = _("The %(carry)s left over is carried to your next change.") % {
            "carry": self.figure(p["carry"])
        }
        self.rounding.notes.append(said)

    def charge_minimum(self, p: Params) -> None:
        self.rounding.rows.append(Row(_("Minimum charge"), exact_number(p["total"], self.digits)))

    def voucher_amount(self, p: Params) -> None:
        self.rounding.rows.append(Row(_("Voucher %(code)s") % p, exact_number(p["amount"], self.digits)))

    def voucher_part(self, p: Params) -> None:
        said = (_("Voucher %(code)s, %(off)s %% off") % p).replace(" %", f"{when.GAP}%")
        self.rounding.rows.append(Row(said, exact_number(p["amount"], self.digits)))

    def voucher_at_most(self, p: Params) -> None:
        shown = {"amount": exact_number(p["amount"], self.digits), "code": p["code"]}
        self.rounding.notes.append(_("Voucher %(code)s takes off %(amount)s at most.") % shown)

    def voucher_rest(self, p: Params) -> None:
        shown = {"rest": exact_number(p["rest"], self.digits)}
        self.rounding.notes.append(_("The %(rest)s of the voucher that are not needed are not kept.") % shown)

    def charge_total(self, p: Params) -> None:
        self.rounding.rows.append(Row(_("so"), exact_number(p["total"], self.digits)))

    def tax_added(self, p: Params) -> None:
        if p["rate"] != "0":
            said = self.taxed(p, _("%(label)s %(rate)s %%, once%(how)s"))
            self.rounding.rows.append(Row(said, exact_number(p["tax"], self.digits)))

    def tax_included(self, p: Params) -> None:
        if p["rate"] != "0":
            said = self.taxed(p, _("of it %(label)s %(rate)s %%, once%(how)s"))
            self.rounding.rows.append(Row(said, exact_number(p["tax"], self.digits)))

    def tax_returned(self, p: Params) -> None:
        if p["tax"].strip("-0."):
            said = _("%(label)s that was charged on it") % {"label": self.tax_label}
            self.rounding.rows.append(Row(said, exact_number(p["tax"], self.digits)))

    def taxed(self, p: Params, sentence: str) -> str:
        how = {"down": _(", rounded down"), "up": _(", rounded up")}.get(p["rounding"], "")
        return (sentence % {"label": self.tax_label, "rate": p["rate"], "how": how}).replace(
            " %", f"{when.GAP}%"
        )

    def price(self, amount: str) -> str:
        """A price in a calculation: no needless decimals."""
        return exact_number(amount, 0 if "." not in amount else self.digits)

    def figure(self, amount: str) -> str:
        return exact_number(amount, 2)


def explain(
    steps: Iterable[tuple[str, Params]],
    *,
    names: Mapping[str, str],
    zone: ZoneInfo,
    tax_label: str,
    digits: int,
) -> list[Part]:
    """The parts of an explanation. `steps` are (key, params) as `pricing.explain` makes them; `names` by component code."""
    explanation = _Explanation(names, zone, tax_label, digits)
    for key, params in steps:
        explanation.say(key)(params)
    return explanation.parts()


def stretch(p: Params) -> str:
    """So many whole months, from and to."""
    start, stop = int(p["from"]), p.get("to")
    if stop is None:
        return _("%(n)s or more months") % {"n": start}
    if start == 0:
        n = int(stop) + 1
        return ngettext("Under %(n)s month", "Under %(n)s months", n) % {"n": n}
    if start == int(stop):
        return ngettext("%(n)s month", "%(n)s months", start) % {"n": start}
    return _("%(from)s to %(to)s months") % {"from": start, "to": stop}


def off(p: Params, with_factor: bool) -> str:
    said = _("no discount") if p["off"] == "0" else _("%(off)s %% off") % p
    said = said.replace(" %", f"{when.GAP}%")
    return _("%(off)s, so × %(factor)s") % {"off": said, "factor": p["factor"]} if with_factor else said
