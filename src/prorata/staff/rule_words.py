"""Rules and credit models in words that a provider understands, each with an example that can be worked out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget


@dataclass(frozen=True)
class Words:
    """`example`, where there is one, ends in a sum and its result, after an equals sign."""

    name: Any
    meaning: Any
    example: Any = ""


RULES: dict[str, Words] = {
    "calendar-months": Words(
        _("Calendar months"),
        _("Whole months from the day of the change, then the rest in days of the month in which it begins."),
        _(
            "From 65 to 218 a month on 15 August, to 1 December, 20 % off: (218 − 65) × (3 + 16/30) × 0.80 = 432.48"
        ),
    ),
    "average-months": Words(
        _("Average months"),
        _("Days from the change to the end; 365/12 of them are a month."),
        _("From 65 to 218 a month, 244 days before the end, 12 % off: (218 − 65) × 244 × 12/365 × 0.88 = 1,080.07"),
    ),
    "thirty-day-months": Words(
        _("Months of thirty days"),
        _("Hours from the change to the end; 720 of them are a month, and one that has begun counts whole."),
        _("From 120 to 300 a month, 184 days before the end, 15 % off: (300 − 120) × 4416/720 × 0.85 = 938.40"),
    ),
    "calendar-sum": Words(
        _("Sum of calendar months"),
        _("Of each calendar month the days that are left in it. The day of the change does not count."),
        _("From 170 to 1,600 a month on 20 March, to the end of 18 April: (1600 − 170) × (11/31 + 18/30) = 1,365.42"),
    ),
    "period-days": Words(
        _("Share of the term, by days"),
        _("The price of the whole term, and of it the days that are left."),
        _("From 50 to 100 for a year, 260 of its 365 days before the end: (100 − 50) × 260/365 = 35.62"),
    ),
    "period-seconds": Words(
        _("Share of the term, by seconds"),
        _("The price of the whole term, and of it the seconds that are left."),
        _("From 5 to 20 for a month of 30 days, one day after its start: (20 − 5) × 2505600/2592000 = 14.50"),
    ),
}  # fmt: skip

CREDIT_MODELS: dict[str, Words] = {
    "capped": Words(
        _("At most what was paid"),
        _("By the same rule as an increase, but never more than was paid for what is not used."),
        _("Up at 367.20 for 91 days, down again the next day, 89 days unused: 367.20 × 89/91 = 359.13"),
    ),
    "rebuy": Words(
        _("What is left after buying anew"),
        _(
            "At most what was paid in cash, less what was used at today's list prices, less the new configuration for the "
            "time left. Used months have the discount of so many months, the days after them have none."
        ),
        _(
            "915.92 paid, 2 months used at 102, then 10 months at 60, 12 % off: "
            "915.92 − 2 × 102 − 60 × 10 × 0.88 = 183.92"
        ),
    ),
    "none": Words(
        _("Nothing"),
        _("The reduction takes effect, and nothing comes back."),
    ),
}


class ExplainedChoice(UnfoldAdminRadioSelectWidget):
    """Radio buttons whose labels are several lines, none of them cut off."""

    option_template_name = "staff/widgets/explained_option.html"


def choices(words: dict[str, Words]) -> list[tuple[str, SafeString]]:
    """For a form: each with its meaning and its example below it."""
    return [(code, _label(said)) for code, said in words.items()]


def _label(said: Words) -> SafeString:
    label = format_html("<b>{}</b><small>{}</small>", said.name, said.meaning)
    return label + format_html("<small>{}</small>", said.example) if said.example else label
