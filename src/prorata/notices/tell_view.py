"""The mail to a customer whose portal staff looked at."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from prorata.changes.situation import seller
from prorata.customers.models import StaffView
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local
from prorata.notices.reader import told_to_customer


@told_to_customer(StaffView)
@transaction.atomic
def viewed(view_id: int) -> None:
    view = StaffView.objects.select_related("customer").get(pk=view_id)
    text = body(
        "customer_viewed.txt", at=local(view.at, seller().zone), reason=view.reason, page=link("/tickets/new"),
        minutes=int(StaffView.LONGEST.total_seconds() // 60),
    )  # fmt: skip
    write(
        key=f"customer.viewed:{view.pk}", to=view.customer.email, subject=_("Our staff looked at your portal"),
        body=text, origin=f"customer:{view.customer_id}", customer_id=view.customer_id,
    )  # fmt: skip
