"""What the portal's templates need beyond Django's own: icons, amounts, times, the credit in the top menu."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.db.models import Model
from django.forms import BoundField
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from prorata.catalog.names import in_language
from prorata.changes.refusals import Refusal
from prorata.changes.refusals import way_out as refusal_way_out
from prorata.changes.refusals import words as refusal_words
from prorata.changes.situation import Situation
from prorata.credit.models import LogLine, Voucher
from prorata.guides.library import GUIDES
from prorata.guides.pictures import Picture
from prorata.invoices.line_words import line_words as words_of_line
from prorata.invoices.models import CreditNoteLine, InvoiceLine
from prorata.language import OWN_NAMES, html_language, spoken, zone_for
from prorata.notices.bell import MANY, new_ones
from prorata.payments.receipts import Receipt
from prorata.portal import machine_said, menu, when
from prorata.portal import money as amounts
from prorata.portal.credit_log import Filter
from prorata.portal.explanation_file import pages
from prorata.portal.paper_words import Reduced, rate_words
from prorata.portal.paper_words import reduces as reduced_by
from prorata.portal.payments_list import went_to
from prorata.portal.views.frame import page_before as address_before
from prorata.portal.voucher_words import worth
from prorata.pricing.terms import local_date
from prorata.services.readings import is_fresh
from prorata.support.about import origin_of

register = template.Library()
ICONS = Path(__file__).resolve().parent.parent / "static" / "portal" / "vendor" / "lucide-1.62.0"


@lru_cache(maxsize=128)
def _drawing(name: str) -> str:
    """The inside of an icon file: what stands between its opening and closing tag."""
    text = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    inside = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    return " ".join(line.strip() for line in inside.splitlines() if line.strip())


@register.simple_tag
def icon(name: str, size: int = 20, css: str = "") -> SafeString:
    """An icon as part of the page: decoration only, words stand beside it."""
    drawing = mark_safe(_drawing(name))  # noqa: S308 - a file of this package
    return format_html(
        '<svg class="i {}" width="{}" height="{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        css, size, size, drawing,
    )  # fmt: skip


@register.simple_tag
def arrow() -> SafeString:
    """From-to, drawn for the eye and said for the ear."""
    return format_html('<i class="ar" aria-hidden="true"></i><span class="vh"> {} </span>', _("to"))


@register.filter
def money(minor: int, currency: str) -> SafeString:
    return amounts.data(minor, currency)


@register.filter
def voucher_words(voucher: Voucher) -> str:
    return worth(voucher)


@register.filter
def price_before(line: InvoiceLine, tax_included: bool) -> int:
    """What an invoice line asks before a minimum charge and a voucher, in minor units."""
    return line.price_minor(tax_included)


@register.filter
def sold(name: str) -> str:
    """A name the provider gave, in the reader's language."""
    return in_language(name)


@register.filter
def line_words(line: InvoiceLine | CreditNoteLine) -> str:
    """What a document line is for."""
    return words_of_line(line)


@register.filter
def rate(line: InvoiceLine | CreditNoteLine, currency: str) -> str:
    """What a document line was worked out from, in words."""
    return rate_words(line, currency)


@register.filter
def reduces(line: CreditNoteLine) -> list[Reduced]:
    """The invoice lines a credit note line reduces."""
    return reduced_by(line)


@register.filter
def money_change(minor: int, currency: str) -> SafeString:
    """With the plus of an increase."""
    return amounts.data(minor, currency, plus=True)


@register.filter
def money_text(minor: int, currency: str) -> str:
    """For attributes and sentences that are text only."""
    return amounts.money(minor, currency)


@register.filter
def price(amount: Decimal | str, currency: str) -> SafeString:
    """A precise major amount, such as a monthly price."""
    return amounts.exact_data(amount, currency)


@register.filter
def price_change(amount: Decimal | str, currency: str) -> SafeString:
    return amounts.exact_data(amount, currency, plus=True)


@register.filter
def figure(amount: Decimal | str) -> str:
    """A figure of a calculation, at least two decimals."""
    return amounts.exact_number(amount)


@register.filter
def currency_name(currency: str) -> str:
    return amounts.name(currency)


@register.simple_tag
def total(minor: int, currency: str) -> SafeString:
    """The one large figure of a page."""
    return format_html(
        '<data class="money" id="total" value="{}" translate="no">{}</data>',
        f"{amounts.major(minor, currency):f}", amounts.money(minor, currency),
    )  # fmt: skip


@register.filter
def query(values: Mapping[str, int | str]) -> str:
    """Values by resource as an address writes them: memory=8&disk=100."""
    return urlencode(values)


@register.filter
def arrows(text: str) -> SafeString:
    """A name that holds an arrow as a character: drawn instead, because few fonts have a good one."""
    return mark_safe(escape(text).replace("→", arrow()))  # noqa: S308 - escaped, and a constant


@register.filter
def negative(minor: int) -> int:
    return -minor


@register.filter
def percent(share: Decimal | str) -> str:
    """0.10 -> 10 %."""
    value = f"{Decimal(share) * 100:f}"
    plain = value.rstrip("0").rstrip(".") if "." in value else value
    return f"{plain}\u00a0%"


@register.filter
def at_day(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    return when.day(at, zone)


@register.filter
def at_short_day(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    return when.short_day(at, zone)


@register.filter
def at_month(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    """The month of a day, or of a moment where the reader is: a heading over moments that are told so."""
    return when.month(at, zone_for(zone) if zone else None)


@register.filter
def at_clock(at: datetime, zone: ZoneInfo) -> SafeString:
    return when.element(at, when.clock_time(at, zone))


@register.filter
def at_second(at: datetime, zone: ZoneInfo) -> SafeString:
    return when.element(at, when.clock_time(at, zone, seconds=True, named=False))


@register.simple_tag
def as_of(situation: Situation) -> SafeString:
    """How old what is known of the machine is, in words."""
    reading = situation.reading
    if reading is None:
        return format_html("{}", _("not measured yet"))
    at = when.element(reading.taken_at, when.as_of(reading.taken_at, situation.now, situation.zone))
    # The words are ours; the time is an element of its own.
    sentence = _("as of {time}") if is_fresh(reading, situation.now) else _("unknown since {time}")
    return format_html(sentence, time=at)


@register.filter
def at_moment(at: datetime, zone: ZoneInfo) -> SafeString:
    return when.element(at, when.moment(at, zone))


@register.filter
def receipt_to(receipt: Receipt) -> str:
    """Where the money of a receipt went, in a few words."""
    return went_to(receipt)


@register.filter
def log_day(line: LogLine, zone: ZoneInfo) -> str:
    """The filter of the credit log that shows the day of this line."""
    day = local_date(line.at, zone)
    return Filter(since=day, until=day).query


@register.filter
def words(refusal: Refusal) -> str:
    return refusal_words(refusal)


@register.filter
def way_out(refusal: Refusal) -> str:
    return refusal_way_out(refusal)


@register.filter
def busy_words(said: str) -> str:
    """What the hypervisor says a machine is busy with."""
    return machine_said.busy(said)


@register.filter
def item(mapping: Mapping[str, object], key: str) -> object:
    return mapping.get(key)


@register.simple_tag
def lang() -> str:
    return html_language()


@register.simple_tag
def languages() -> list[dict[str, str]]:
    """Those the portal speaks, each by its own name."""
    return [
        {"code": code, "tag": html_language(code), "name": name}
        for code, name in OWN_NAMES.items()
        if code in spoken()
    ]


@register.simple_tag(takes_context=True)
def page_before(context: template.Context) -> str:
    """The page that a form which was not taken stood on."""
    request: HttpRequest | None = context.get("request")
    return address_before(request) if request is not None else ""


@register.simple_tag
def demo_mode() -> bool:
    return settings.PRORATA_MODE == "demo"


@register.simple_tag
def demo_accounts() -> list[dict[str, str]]:
    """Who one can sign in as; only where there is no real money."""
    what = {"customer": _("a customer: upgrade, pay, downgrade"), "staff": _("the provider's staff desk")}
    return [
        {
            "email": email, "what": what[kind], "password": password,
            "fill": json.dumps({"id_login": email, "id_password": password}),
        }
        for email, kind, password in settings.PRORATA_DEMO_ACCOUNTS
    ]  # fmt: skip


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form's field in the portal's look, tied to its help and its errors."""
    described = [f"{field.auto_id}_error"] if field.errors else []
    described += [f"{field.auto_id}_helptext"] if field.help_text else []
    attrs: dict[str, str | bool] = {"class": "inp"}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


@register.inclusion_tag("portal/parts/ask.html")
def ask_support(row: Model | None = None) -> dict[str, str]:
    """A link that opens a ticket about a row, or about nothing yet."""
    return {"about": origin_of(row) if row is not None else ""}


@register.simple_tag(takes_context=True)
def available_credit(context: template.Context) -> list[str]:
    """Available Credit of the person who looks: one figure a currency."""
    request: HttpRequest | None = context.get("request")
    return menu.credit_figures(request.user) if request is not None and hasattr(request, "user") else []


@register.simple_tag(takes_context=True)
def guide_boxes(context: template.Context) -> str:
    """Where a guide has led here: the boxes of its step, as JSON for the script that draws them; else nothing."""
    request: HttpRequest | None = context.get("request")
    asked = request.GET if request is not None else {}
    guide, step = GUIDES.get(str(asked.get("guide", ""))), str(asked.get("step", ""))
    if (
        guide is None
        or not step.isascii()
        or not step.isdigit()
        or not 1 <= int(step[:3]) <= len(guide.steps)
    ):
        return ""
    return json.dumps([[box.number, box.hook] for box in guide.steps[int(step[:3]) - 1].boxes])


@register.simple_tag
def guide_picture(picture: Picture, theme: str) -> str:
    """The address of a guide's picture."""
    return static(f"guides/{picture.name}.{theme}.webp")


@register.simple_tag(takes_context=True)
def new_notifications(context: template.Context) -> str:
    """How many are new, in figures for the bell: "", "3" or "9+"."""
    request: HttpRequest | None = context.get("request")
    count = new_ones(request.user) if request is not None and hasattr(request, "user") else 0
    return f"{MANY}+" if count > MANY else str(count or "")


@register.simple_tag(takes_context=True)
def explanation_to_take(context: template.Context) -> dict[str, str]:
    """The text to copy, and the addresses of text page and file, of the bill on this page."""
    return pages(context["service"], context.get("quote"), context["bill"])


@register.simple_tag(takes_context=True)
def section(context: template.Context) -> str:
    """Which part of the menu this page belongs to."""
    request: HttpRequest | None = context.get("request")
    return menu.section(request.path_info) if request is not None else ""
