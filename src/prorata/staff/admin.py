"""What the desk shows: one small file a theme, all on unfold's site."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group

from prorata.staff import (  # noqa: F401
    admin_bank,
    admin_changes,
    admin_credit,
    admin_customers,
    admin_drift,
    admin_guides,
    admin_invoices,
    admin_ledger,
    admin_mails,
    admin_names,
    admin_payments,
    admin_price_books,
    admin_products,
    admin_recognition,
    admin_reconciliations,
    admin_schedules,
    admin_services,
    admin_system,
    admin_terms,
    admin_tickets,
    admin_trail,
    admin_verify,
    admin_views,
    admin_vouchers,
)
from prorata.staff.admin_groups import GroupAdmin

admin.site.index_template = "staff/dashboard.html"
admin.site.index_title = "Dashboard"

# An address is verified, and a second factor is set up, by the person alone.
for foreign in (EmailAddress, Authenticator, Group):
    if admin.site.is_registered(foreign):
        admin.site.unregister(foreign)
admin.site.register(Group, GroupAdmin)
