"""How the desk is laid out: the sidebar in the order of work. Settings take UNFOLD from here."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _


class Item(NamedTuple):
    title: Any
    icon: str
    page: str  # the name of an admin page, or app.model for its list
    query: str = ""
    permission: str = ""


VIEWS = [
    ("attention", _("In attention")),
    ("parked", _("Parked")),
    ("unpaid", _("Waiting for money")),
    ("today", _("Applied today")),
    ("mine", _("Mine, still open")),
    ("all", _("All changes")),
]
DRIFT_VIEWS = [("left", _("Left until a date")), ("all", _("All, closed ones too"))]
GROUPS: list[tuple[Any, list[Item]]] = [
    (
        _("Desk"),
        [
            Item(_("Dashboard"), "dashboard", "index", permission="changes.view_change"),
            Item(_("Needs somebody"), "notification_important", "changes.change"),
            Item(_("All changes"), "swap_vert", "changes.change", query="?show=all"),
            Item(_("Quotes"), "request_quote", "changes.quote"),
            Item(
                _("How changes go"), "filter_alt", "changes_change_figures", permission="changes.view_change"
            ),
            Item(_("Tickets"), "support_agent", "support.ticket"),
            Item(_("Canned answers"), "quickreply", "support.cannedanswer"),
        ],
    ),
    (
        _("Customers"),
        [
            Item(_("Customers"), "apartment", "customers.customer"),
            Item(_("People"), "group", "customers.user"),
            Item(_("Views by staff"), "visibility", "customers.staffview"),
            Item(
                _("What readers felt"), "mood", "guides_reaction_figures", permission="guides.view_reaction"
            ),
        ],
    ),
    (
        _("Services"),
        [
            Item(_("Services"), "dns", "services.service"),
            Item(_("Terms"), "event_repeat", "changes.soldterm"),
            Item(_("Drift"), "difference", "drift.difference"),
            Item(
                _("Sell a service"),
                "add_shopping_cart",
                "services_service_sell",
                permission="services.add_service",
            ),
            Item(
                _("Adopt a machine"), "add_link", "services_service_adopt", permission="services.add_service"
            ),
        ],
    ),
    (
        _("Catalog"),
        [
            Item(_("Products"), "inventory_2", "catalog.product"),
            Item(_("Price books"), "sell", "catalog.pricebook"),
            Item(_("Names in languages"), "translate", "catalog.nameinlanguage"),
            Item(_("Discount schedules"), "percent", "catalog.discountschedule"),
            Item(
                _("Simulator"),
                "query_stats",
                "catalog_pricebook_simulator",
                permission="catalog.view_pricebook",
            ),
        ],
    ),
    (
        _("Money"),
        [
            Item(_("Invoices"), "receipt_long", "invoices.invoice"),
            Item(_("Credit notes"), "assignment_return", "invoices.creditnote"),
            Item(_("Purses"), "account_balance_wallet", "credit.purse"),
            Item(_("Vouchers"), "confirmation_number", "credit.voucher"),
            Item(_("Credit log"), "history", "credit.logline"),
            Item(_("Payment attempts"), "credit_card", "payments.paymentattempt"),
            Item(_("Captures"), "payments", "payments.capture"),
            Item(_("Reconciliations"), "balance", "payments.reconciliation"),
            Item(
                _("Bank: waiting money"),
                "move_to_inbox",
                "bank_waiting",
                permission="bank.view_statementline",
            ),
            Item(_("Bank movements"), "swap_horiz", "bank.statementline"),
            Item(_("Bank statements"), "description", "bank.statement"),
            Item(_("Paid layers"), "layers", "invoices.layer"),
            Item(_("Ledger"), "menu_book", "ledger.transfer"),
            Item(
                _("Revenue by month"),
                "calendar_month",
                "recognition_recognised_month",
                permission="recognition.view_recognised",
            ),
            Item(_("Revenue by day"), "today", "recognition.recognised"),
        ],
    ),
    (
        _("System"),
        [
            Item(_("Sellers"), "storefront", "invoices.seller"),
            Item(_("Bank accounts"), "account_balance", "bank.bankaccount"),
            Item(_("Checks of the books"), "fact_check", "verify.run"),
            Item(_("Comparisons of machines"), "compare_arrows", "drift.comparison"),
            Item(_("Audit trail"), "policy", "trail.deed"),
            Item(_("Inbox"), "inbox", "payments.inboxevent"),
            Item(_("Mails"), "mail", "notices.mail"),
            Item(_("Machine jobs"), "build", "provisioning.job"),
            Item(_("Queue"), "list_alt", "procrastinate.procrastinatejob"),
            Item(_("Security events"), "shield", "changes.securityevent"),
            Item(_("Groups of rights"), "key", "auth.group"),
        ],
    ),
]
# Pages whose address lies under that of a list, with an entry of their own.
PAGES = (
    "services_service_adopt", "services_service_sell", "catalog_pricebook_simulator", "recognition_recognised_month",
    "bank_waiting", "guides_reaction_figures",
    "changes_change_figures",
)  # fmt: skip


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups this person may see, with the number of changes that need somebody."""
    from prorata.staff.dashboard import count_needing_somebody

    groups = [
        {"title": title, "separator": position > 0, "items": [_entry(item, request) for item in items]}
        for position, (title, items) in enumerate(GROUPS)
    ]
    waiting = groups[0]["items"][1]
    if waiting["permission"](request) and (count := count_needing_somebody()):
        waiting["badge"] = str(count)
    return groups


def _entry(item: Item, request: HttpRequest) -> dict[str, Any]:
    app, _dot, model = item.page.partition(".")
    link = reverse(f"admin:{app}_{model}_changelist" if model else f"admin:{item.page}")
    permission = item.permission or f"{app}.view_{model}"
    return {
        "title": item.title,
        "icon": item.icon,
        "link": link + item.query,
        "permission": lambda request: bool(request.user.has_perm(permission)),
        "active": _is_here(item, link, request),
    }


def _is_here(item: Item, link: str, request: HttpRequest) -> bool:
    if item.page == "changes.change" and request.path == link:
        return (request.GET.get("show") == "all") == bool(item.query)
    if item.page in ("index", *PAGES) or item.query:
        return request.path == link
    return request.path.startswith(link) and not any(
        request.path == reverse(f"admin:{page}") for page in PAGES
    )


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The saved views of the desk and of drift, one click away and without a script."""
    return [
        _tabs(request, "changes.change", VIEWS),
        _tabs(request, "drift.difference", DRIFT_VIEWS),
    ]


def _tabs(request: HttpRequest, model: str, views: list[tuple[str, Any]]) -> dict[str, Any]:
    desk = reverse(f"admin:{model.replace('.', '_')}_changelist")
    here = request.GET.get("show", "") if request.path == desk else None
    # Relative links: unfold marks every sidebar entry that has the very link of a tab.
    items = [
        {"title": title, "link": f"?show={view}" if view else "?", "active": here == view}
        for view, title in [("", _("Needs somebody")), *views]
    ]
    return {"models": [model], "items": items}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Prorata staff"),
    "SITE_HEADER": _("Prorata staff"),
    "SITE_SYMBOL": "tune",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("staff/mark.svg")}
    ],
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "prorata.staff.dashboard.figures",
    "STYLES": [lambda request: static("staff/desk.css")],
    # The portal's blue, so that staff and customers see one product.
    "COLORS": {
        "primary": {
            "50": "#f0f5fe",
            "100": "#e6effc",
            "200": "#c6dafa",
            "300": "#a8c7fa",
            "400": "#8ab4f8",
            "500": "#5b93f3",
            "600": "#0b57d0",
            "700": "#0947ab",
            "800": "#0a3a88",
            "900": "#0b2f6b",
            "950": "#0b1a33",
        },
    },
    "TABS": tabs,
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("account_change_password")},
            {"title": _("Second factor"), "link": reverse_lazy("mfa_index")},
        ]
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": navigation},
}
