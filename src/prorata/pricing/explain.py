"""The explanation of a price: message keys with exact figures, for a customer who redoes the sum by hand.

Keys and parameters are stable; every parameter is a string. Dates and instants are ISO 8601, amounts and
prices plain decimals (2210.16393443, -0.16), months a fraction as written by hand (106/30, 3), factors
decimals (0.80), per cents without the sign (20, 12.5). In the order in which they come:

Time left
- time.whole (from, to, months): so many whole months from one date to the other
- time.days (from, to, days, of, months): the rest, days of a month of `of` days; months to 4 decimals
- time.days_over (from, to, days, of): a rest longer than that month, which counts as one month
- time.last_day (from, of, months): the last day counts as one day of a month of `of` days
- time.together (whole, days, of, months): 3 + 16/30 = 106/30 months; only where there are both
- time.average (from, to, days, fraction, months): calendar days, 365/12 to a month: 2928/365 months
- time.hours (from, to, zone, hours, of, fraction, months): hours between two instants, `of` to a month
- time.month_days (month, days, of, months): days left in one calendar month (its first date)
- time.month_whole (from, to, count): calendar months that are left whole (first dates of the first and last)
- time.month_sum (parts, fraction, months): 11/31 + 18/30 = 148/155 months; only where there are several
- time.month_none (from): no day is left after that of the change
- time.period_days (from, to, days, of, fraction, months): days left of those of the paid period
- time.period_seconds (from, to, zone, seconds, of, fraction, months): seconds left of those of the period
- time.period_months (part, paid, fraction, months): that part of the months paid for at once; only above one

Rate; `line` is the name of the line it holds for, empty for all; `side` is old, new or both
- rate.range (line, side, from, to, off, factor): off between `from` and `to` whole months left (may be equal)
- rate.open (line, side, from, off, factor): off from `from` whole months left on
- rate.none (line, side): no discounts, the full price
- rate.same (line, side, off, factor): different schedules that give the same today
- rate.other (line, side, from, to, off): another stretch of the same schedule
- rate.other_open (line, side, from, off): its last stretch
- rate.until (line, side, until, zone): the instant at which today's rate is lost

Lines
- lines.none (): nothing changes
- price.made_up (name, side, parts, price): how a monthly price in bands is made up: 4 × 10 + 2 × 8 = 56; side is
  old or new
- line.formula (name, old, new, months, factor, exact): (new - old) x months x factor
- line.full_price (name, old, new, months, exact): (new - old) x months, the factor being 1
- line.sides (name, old, new, months, old_factor, new_factor, exact): each price x its own factor
- line.no_credit (name): the formula is below zero and this product gives nothing back
- cap.layer (name, amount, unused, days, value): at most amount x unused/days
- cap.layer_share (name, amount, unused, days, share, value): the same, times the share taken back (2/3)
- cap.unpaid (name): nothing was paid for it
- line.capped (name, exact): what the line is instead of its formula
- rebuy.paid (amount): the cash that stands in what was bought; this and what follows where it lowers a credit
- rebuy.months (since, monthly, months, factor, exact): used whole months of what was bought on one day
- rebuy.days (since, monthly, days, exact): the days after them, a thirtieth of the month each
- rebuy.hours (since, hourly, hours, exact): the same by the hour
- rebuy.anew (monthly, months, factor, exact): the new configuration for the time left
- rebuy.credit (paid, used, anew, exact): paid - used - anew, or zero
- rebuy.part (grown, credit, reduced): every reduction counts (grown + credit) / reduced; only with several lines
- line.settled (name, before, exact): what a reduced line is instead

Rounding
- total.sum (exact, currency): the lines together; only where there are several
- carry.in (carry, currency): what earlier changes left over; only if not 0
- total.rounded (exact, total, currency): rounded once, the carry included
- carry.out (carry, currency): what is left over for the next change; only if not 0

Charge, only with a document
- charge.minimum (amount, total, currency): the minimum charge, instead of a smaller total
- voucher.amount (code, amount, currency): what a voucher of a fixed amount takes off
- voucher.rest (code, rest, currency): the part of it that is not needed, and is lost
- voucher.part (code, off, amount, currency): what a voucher of so many per cent takes off
- voucher.at_most (code, amount, currency): the most such a voucher takes off, where that was reached
- charge.total (total, currency): what is left to pay, before tax is added

Tax, only with a document
- tax.added (net, rate, tax, gross, rounding, currency): on the rounded total
- tax.included (net, rate, tax, gross, rounding, currency): taken out of the rounded total
- tax.returned (net, tax, gross, currency): a credit, with the tax that was charged on what comes back
"""

from __future__ import annotations

from collections.abc import Iterator

from .change import Price, PricedLine
from .english import plain_english
from .explain_charge import charge_steps
from .explain_rates import rates
from .explain_rebuy import held_by_layers, settlement_steps
from .explain_time import time_steps
from .figures import factor_text, money_text, per_cent, plain
from .money import eight_decimals, exact_of, minor_digits
from .step import Step, step
from .tax import Document, TaxRule

__all__ = ["Step", "plain_english", "steps"]


def steps(price: Price, *, document: Document | None = None, tax: TaxRule | None = None) -> tuple[Step, ...]:
    """Every step of `price`, and of the tax of `document` if it is given together with its `tax` rule."""
    return (
        *time_steps(price),
        *rates(price),
        *_lines(price),
        *_rounding(price),
        *(charge_steps(document) if document else ()),
        *_tax(price, document, tax),
    )


def _lines(price: Price) -> Iterator[Step]:
    if not price.lines:
        yield step("lines.none")
    digits, months = minor_digits(price.currency), price.time_left.fraction
    for line in price.lines:
        if line.component.old_made or line.component.new_made:
            yield from _made_up(line)
        yield _formula(line, months, digits)
        if line.capped:
            yield from _cap(line, price, digits)
    if price.settlement:
        yield from settlement_steps(price, price.settlement)


def _made_up(line: PricedLine) -> Iterator[Step]:
    component = line.component
    for side, parts, monthly in (
        ("old", component.old_made, line.old),
        ("new", component.new_made, line.new),
    ):
        if parts:
            figures = {"name": line.name, "side": side, "parts": parts, "price": plain(monthly, 0)}
            yield step("price.made_up", figures)


def _formula(line: PricedLine, months: str, digits: int) -> Step:
    figures = {
        "name": line.name,
        "old": plain(line.old, 0),
        "new": plain(line.new, 0),
        "months": months,
        "exact": plain(eight_decimals(line.formula) if line.capped else line.exact, digits),
    }
    if line.old_factor != line.new_factor:
        figures["old_factor"] = factor_text(line.old_factor)
        figures["new_factor"] = factor_text(line.new_factor)
        return Step("line.sides", figures)
    if line.new_factor == 1:
        return Step("line.full_price", figures)
    figures["factor"] = factor_text(line.new_factor)
    return Step("line.formula", figures)


def _cap(line: PricedLine, price: Price, digits: int) -> Iterator[Step]:
    if price.credit == "none":
        yield step("line.no_credit", {"name": line.name})
        return
    day = price.time_left.day
    held = held_by_layers(line, day)
    if line.settled and line.formula >= -held:
        return  # the layers hold it; what was used and what is bought anew do not leave it
    for layer in line.component.layers or ():
        figures = {
            "name": line.name,
            "amount": plain(layer.amount, digits),
            "unused": str(layer.unused_days(day)),
            "days": str(layer.days),
            "value": plain(eight_decimals(layer.value(day)), digits),
        }
        if layer.share == 1:
            yield Step("cap.layer", figures)
        else:
            yield Step("cap.layer_share", figures | {"share": str(layer.share)})
    if not line.component.layers:
        yield step("cap.unpaid", {"name": line.name})
    exact = eight_decimals(-held) if line.settled else line.exact
    yield Step("line.capped", {"name": line.name, "exact": plain(exact, digits)})


def _rounding(price: Price) -> Iterator[Step]:
    digits, currency = minor_digits(price.currency), price.currency
    if len(price.lines) > 1:
        yield Step("total.sum", {"exact": plain(price.exact, digits), "currency": currency})
    if price.carry_in:
        yield Step("carry.in", {"carry": plain(price.carry_in, digits), "currency": currency})
    if price.lines:
        exact = price.exact
        if price.carry_in:
            exact = eight_decimals(exact_of(price.exact) + exact_of(price.carry_in))
        total = money_text(price.total, digits)
        yield Step("total.rounded", {"exact": plain(exact, digits), "total": total, "currency": currency})
    if price.carry_out:
        yield Step("carry.out", {"carry": plain(price.carry_out, digits), "currency": currency})


def _tax(price: Price, document: Document | None, tax: TaxRule | None) -> Iterator[Step]:
    if document is None or tax is None:
        return
    digits = minor_digits(price.currency)
    figures: dict[str, object] = {
        "net": money_text(document.net, digits),
        "tax": money_text(document.tax, digits),
        "gross": money_text(document.gross, digits),
        "currency": price.currency,
    }
    if document.gross < 0:
        yield step("tax.returned", figures)
    elif document.gross > 0:
        key = "tax.included" if document.included else "tax.added"
        yield step(key, {**figures, "rate": per_cent(tax.rate), "rounding": tax.rounding})
