"""The whole pages of the portal in their states: which template, shown with what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from prorata.portal.catalogue import pages_of_changes, pages_of_money, pages_of_others, pages_of_services

Context = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """`make` gives what the template is shown with, anew for each look."""

    group: str
    title: str
    template: str
    make: Callable[[], Context]


def _pages() -> dict[str, Page]:
    found: dict[str, Page] = {}

    def add(group: str, template: str, states: dict[str, Callable[[], Context]], title: str) -> None:
        for state, make in states.items():
            slug = f"{template}-{state}".replace("_", "-")
            found[slug] = Page(group, f"{title}: {state.replace('_', ' ')}", f"portal/{template}.html", make)

    services, changes, money, others = pages_of_services, pages_of_changes, pages_of_money, pages_of_others
    add("Services", "services", {"all": services.listed, "none": services.none}, "Services")
    add("Services", "overview", {"all": services.overview, "new": services.new_service}, "Overview")
    add(
        "Services", "resources",
        {
            "active": services.resources, "under_way": services.under_way, "silent": services.silent,
            "suspended": services.suspended, "limited": services.limited, "look_only": services.look_only,
        },
        "Resources",
    )  # fmt: skip
    add("Services", "may_not_change", {"reader": services.resources}, "May not change")
    add("Services", "stored", {"some": services.stored, "none": services.nothing_stored}, "Stored")
    add("Services", "delete_stored", {"asked": services.delete_stored}, "Delete")
    add("Services", "timeline", {"all": services.timeline, "none": services.no_timeline}, "Timeline")
    add("Services", "service_changes", {"all": changes.listed, "none": changes.none_yet}, "Changes")
    add(
        "A change", "change",
        {
            "untouched": changes.untouched, "mixed": changes.mixed, "smaller": changes.smaller, "refused": changes.refused,
            "linked": changes.linked, "silent": changes.silent, "impossible": changes.impossible,
        },
        "Choose",
    )  # fmt: skip
    add(
        "A change", "quote",
        {
            "split": changes.split, "voucher": changes.with_voucher, "receives": changes.receives,
            "expired": changes.expired,
            "refused": changes.refused_review, "may_not_pay": changes.may_not_pay,
        },
        "Review",
    )  # fmt: skip
    add("A change", "change_page", changes.STATES, "Change")
    add("A change", "cancel", {"asked": changes.cancel, "too_late": changes.cannot_cancel}, "Cancel")
    add("A change", "example", {"published": changes.example}, "Example")
    add("Money", "invoices", {"all": money.listed, "none": money.none}, "Invoices")
    add("Money", "invoice", {key: partial(money.invoice_page, key) for key in money.STATES}, "Invoice")
    add("Money", "checkout", {"choose": money.checkout, "refused": money.refused}, "Checkout")
    add("Money", "transfer", {"awaited": money.transfer}, "Bank transfer")
    add("Money", "payments", {"all": money.payments, "none": money.no_payments}, "Payments")
    add("Money", "receipt", {"too_much": money.receipt}, "Receipt")
    add("Money", "credit_note", {"reduced": money.credit_note}, "Credit note")
    add("Money", "credit", {"all": money.credit, "none": money.no_credit}, "Credit")
    add("Money", "payment_methods", {"all": money.methods, "none": money.no_methods}, "Payment methods")
    add("People and help", "tickets", {"all": others.tickets, "none": others.no_tickets}, "Tickets")
    add("People and help", "ticket", {"answered": others.ticket, "closed": others.closed}, "Ticket")
    add("People and help", "new_ticket", {"about_a_change": others.ask, "refused": others.refused}, "Ask")
    add(
        "People and help", "notifications", {"some_new": others.news, "none": others.no_news}, "Notifications"
    )
    add(
        "People and help",
        "notification",
        {"one": others.letter, "not_mailed": others.letter_not_sent},
        "Notification",
    )
    add(
        "People and help", "which_mails",
        {
            "owner": others.which_mails, "reader": others.which_mails_read, "of_nobody": others.which_mails_of_nobody,
        },
        "Which mails are sent",
    )  # fmt: skip
    add("People and help", "people", {"owner": others.people, "reader": others.people_read}, "People")
    add("People and help", "let_go", {"asked": others.let_go}, "Let go")
    add("People and help", "profile", {"wrong": others.profile}, "Profile")
    add("People and help", "guides", {"all": others.guides}, "Guides")
    add("People and help", "guide", {"answered": others.guide}, "Guide")
    add("People and help", "mails", {"some": others.mails, "none": others.no_news}, "Mails")
    add("People and help", "mail", {"one": others.mail}, "Mail")
    add("People and help", "not_ready", {"no_seller": others.not_ready}, "Not ready")
    for slug, (title, template, make) in others.FRAME.items():
        found[slug] = Page("Frame", title, template, make)
    return found


PAGES = _pages()
