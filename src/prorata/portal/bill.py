"""An estimate or a quote as the portal shows it: lines, totals, what renews, what to know. Every figure is the server's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prorata.catalog.names import in_language
from prorata.catalog.values import Value
from prorata.changes.estimate import Estimate
from prorata.changes.example import Example
from prorata.changes.figures import figures
from prorata.changes.limits import Limit
from prorata.changes.models import Quote
from prorata.portal import when
from prorata.portal.explainer import Part, explain
from prorata.portal.money import GAP, data, money, spoken
from prorata.pricing.money import minor_digits
from prorata.pricing.terms import local_date

Text = str | SafeString


@dataclass(frozen=True, kw_only=True)
class BillLine:
    """One changed resource; `amount_minor` is in the basis of the price book: before tax, or with tax included, and before
    a minimum charge and a voucher."""

    code: str
    name: str
    before: str
    after: str
    wanted: Value
    amount_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    restart: bool
    reduces: bool
    monthly_change: Decimal


@dataclass(frozen=True)
class Note:
    """Something to know beside the price: a sentence with an icon. `about`: end, restart, rate or back."""

    about: str
    icon: str
    text: Text


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Minor units; `monthly_*` in major units."""

    currency: str
    zone: ZoneInfo
    at: datetime
    ends_at: datetime
    lines: tuple[BillLine, ...]
    raised_minor: int
    discount_minor: int
    voucher: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    tax_label: str
    tax_rate: Decimal
    tax_included: bool
    monthly_before: Decimal
    monthly_after: Decimal
    renewal_before_minor: int
    renewal_after_minor: int
    renewal_months: int
    restart: bool
    returned_gifted_minor: int
    back_today_minor: int | None
    keep_rate_until: datetime | None
    parts: list[Part]

    @property
    def taxed(self) -> bool:
        return self.tax_rate > 0

    @property
    def receives(self) -> bool:
        return self.gross_minor < 0

    @property
    def to_receive_minor(self) -> int:
        return max(-self.gross_minor, 0)

    @property
    def receive_as(self) -> str:
        """In which kind of credit it comes back, in short."""
        return (
            _("You receive as credit") if self.returned_gifted_minor else _("You receive as account credit")
        )

    @property
    def receive_parts(self) -> str:
        """How much in which purse, where there are two."""
        if not self.returned_gifted_minor:
            return ""
        account = money(self.to_receive_minor - self.returned_gifted_minor, self.currency)
        gifted = money(self.returned_gifted_minor, self.currency)
        return _("%(account)s as account credit, %(gifted)s as gifted credit") % {
            "account": account,
            "gifted": gifted,
        }

    @property
    def restarts(self) -> str:
        """The names of what needs the restart: CPU cores and Memory."""
        return listed([line.name for line in self.lines if line.restart])

    @property
    def reduced(self) -> str:
        """What going back today would mean: 7 Backups kept."""
        return listed([f"{line.name} {line.before}" for line in self.lines if line.reduces])

    @property
    def renewal(self) -> Text:
        """What the next term costs after the change, and what it would have cost."""
        said = ngettext(
            "Renewal on {day}: {after} for {n} month; before the change {before}{basis}.",
            "Renewal on {day}: {after} for {n} months; before the change {before}{basis}.",
            self.renewal_months,
        )
        return format_html(
            said, day=when.day(self.ends_at, self.zone), after=data(self.renewal_after_minor, self.currency),
            n=self.renewal_months, before=data(self.renewal_before_minor, self.currency), basis=self._basis,
        )  # fmt: skip

    @property
    def _basis(self) -> str:
        if not self.taxed:
            return ""
        return _(" (with tax)") if self.tax_included else _(" (before tax)")

    @cached_property
    def notes(self) -> list[Note]:
        """What to know while choosing and before Submit."""
        names = {"names": self.restarts}
        restart = _("One restart, for %(names)s.") % names if self.restart else _("No interruption.")
        found = [self._end, Note("restart", "rotate-cw", restart)]
        found += self._rate(_("You keep this rate if you submit before %(until)s."))
        return [*found, *self._back(_("Going back today ({what}) would cost {amount}."))]

    def notes_later(self, now: datetime) -> list[Note]:
        """The same, read when it was submitted: what still holds, and what held on the day of the price."""
        rate = self._rate(_("The rate of this price was good for a change submitted before %(until)s."))
        if local_date(now, self.zone) == local_date(self.at, self.zone):
            back = self._back(_("Going back today ({what}) would cost {amount}."))
        else:
            back = self._back(_("Going back on {day} ({what}) would have cost {amount}."))
        return [self._end, *rate, *back]

    @property
    def _end(self) -> Note:
        day = {"day": when.day(self.ends_at, self.zone)}
        return Note("end", "calendar", _("The end date does not change: %(day)s.") % day)

    def _rate(self, sentence: str) -> list[Note]:
        """Where waiting loses the rate, until when it does not."""
        if self.keep_rate_until is None:
            return []
        return [Note("rate", "hourglass", sentence % {"until": when.moment(self.keep_rate_until, self.zone)})]

    def _back(self, sentence: str) -> list[Note]:
        """Going down and up again is not free."""
        if self.back_today_minor is None:
            return []
        amount = data(self.back_today_minor, self.currency)
        said = format_html(sentence, what=self.reduced, amount=amount, day=when.day(self.at, self.zone))
        return [Note("back", "undo-2", said)]

    @property
    def facts(self) -> list[Text]:
        """What stands beside an explanation that is taken along; the rate is in its steps already."""
        return [*(note.text for note in self.notes if note.about != "rate"), self.renewal]

    @property
    def say(self) -> str:
        """The outcome for readers that speak."""
        if self.gross_minor > 0:
            first = _("Due today %(amount)s.") % {"amount": spoken(self.gross_minor, self.currency)}
        elif self.receives:
            first = f"{self.receive_as}: {spoken(self.gross_minor, self.currency)}."
        else:
            first = _("Nothing to pay and no credit.")
        renewal = _("Renewal on %(day)s %(amount)s.") % {
            "day": when.day(self.ends_at, self.zone), "amount": spoken(self.renewal_after_minor, self.currency),
        }  # fmt: skip
        return " ".join((first, renewal, _("One restart.") if self.restart else _("No interruption.")))


def listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s") % {"first": _(", ").join(names[:-1]), "last": names[-1]}


def of_estimate(estimate: Estimate) -> Bill:
    """The estimate on the change page."""
    limits = estimate.situation.limits
    shown = {code: {str(value): limit.show(value) for value in limit.stops} for code, limit in limits.items()}
    return _bill(
        figures(estimate, {}), currency=estimate.currency, at=estimate.at, options=shown, limits=limits
    )


def of_quote(quote: Quote, option_names: Mapping[str, Mapping[str, str]]) -> Bill:
    """A frozen quote; `option_names` by component code and option code."""
    return _bill(quote.figures, currency=quote.currency, at=quote.made_at, options=option_names)


def of_quoted(quote: Quote) -> Bill:
    """A frozen quote with the names of that day, whatever is sold now: what was submitted is explained so."""
    return of_quote(quote, {line["code"]: _names_then(line) for line in quote.figures["lines"]})


def _names_then(line: Mapping[str, Any]) -> dict[str, str]:
    """The names of options; a quantity is shown with its unit."""
    pairs = ((str(line[side]), line[f"{side}_name"]) for side in ("before", "after"))
    return {value: named for value, named in pairs if named != value}


def _bill(
    found: Mapping[str, Any],
    *,
    currency: str,
    at: datetime,
    options: Mapping[str, Mapping[str, str]],
    limits: Mapping[str, Limit] | None = None,
) -> Bill:
    zone = ZoneInfo(found["zone"])
    basis = "gross_minor" if found["tax_included"] else "net_minor"

    def show(line: Mapping[str, Any], value: Value) -> str:
        named = options.get(line["code"], {}).get(str(value))
        return in_language(named or "") or (f"{value}{GAP}{line['unit']}" if line["unit"] else str(value))

    lines = tuple(
        BillLine(
            code=line["code"], name=in_language(line["name"]),
            before=show(line, line["before"]), after=show(line, line["after"]),
            amount_minor=line[basis] - line.get("raised_minor", 0) + line.get("discount_minor", 0),
            wanted=line["after"], net_minor=line["net_minor"], tax_minor=line["tax_minor"], gross_minor=line["gross_minor"],
            restart=line["mode"] == "restart", reduces=line["reduces"],
            monthly_change=Decimal(line["new_monthly"]) - Decimal(line["old_monthly"]),
        )
        for line in found["lines"]
    )  # fmt: skip
    return Bill(
        currency=currency, zone=zone, at=at, ends_at=datetime.fromisoformat(found["term_ends_at"]), lines=lines,
        raised_minor=found.get("raised_minor", 0), discount_minor=found.get("discount_minor", 0),
        voucher=found.get("voucher", ""), net_minor=found["net_minor"], tax_minor=found["tax_minor"],
        gross_minor=found["gross_minor"],
        tax_label=in_language(found["tax_label"]) or _("Tax"),
        tax_rate=Decimal(found["tax_rate"]), tax_included=found["tax_included"],
        monthly_before=Decimal(found["monthly_before"]), monthly_after=Decimal(found["monthly_after"]),
        renewal_before_minor=found["renewal_before_minor"], renewal_after_minor=found["renewal_after_minor"],
        renewal_months=found["renewal_months"], restart=found["restart"],
        returned_gifted_minor=found.get("returned_gifted_minor", 0), back_today_minor=found["back_today_minor"],
        keep_rate_until=datetime.fromisoformat(found["keep_rate_until"]) if found["keep_rate_until"] else None,
        parts=explain(
            [(step["key"], step["params"]) for step in found["steps"]], names={line.code: line.name for line in lines},
            zone=zone, tax_label=in_language(found["tax_label"]), digits=minor_digits(currency),
        ),
    )  # fmt: skip


def example_parts(example: Example) -> list[Part]:
    """The explanation of the published example."""
    steps = [(step.key, dict(step.params)) for step in example.steps]
    names = {"instance_type": _("Instance type")}
    return explain(steps, names=names, zone=example.price.zone, tax_label="", digits=2)
