"""A reminder to the customer: a part of an invoice is paid, and the time for the rest is running out."""

from __future__ import annotations

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F
from django.utils.translation import gettext as _

from prorata import clock
from prorata.invoices.models import Invoice
from prorata.notices.models import Mail
from prorata.notices.outbox import write
from prorata.notices.plain import body, link, local, money
from prorata.notices.reader import told_to_customer

# Three quarters of the time are over: late enough to be news, early enough to act on.
WHEN = (3, 4)
KEY = "invoice.rest:"


def remind() -> int:
    """Each open invoice that has received a part of its money, once. Returns how many reminders were written."""
    now = clock.now()
    given = ExpressionWrapper(F("pay_until") - F("created_at"), output_field=DurationField())
    late = (
        Invoice.objects.filter(status=Invoice.Status.OPEN, received_minor__gt=0, pay_until__gt=now)
        .annotate(given=given)
        .filter(created_at__lte=now - F("given") * WHEN[0] / WHEN[1])
    )
    told = set(Mail.objects.filter(key__startswith=KEY).values_list("key", flat=True)) if late else set()
    return sum(_remind(one.pk) for one in late if f"{KEY}{one.reference}" not in told)


@told_to_customer(Invoice)
@transaction.atomic
def _remind(invoice_id: int) -> bool:
    """As the invoice stands now: nothing where the rest came a moment ago."""
    invoice = Invoice.objects.select_related("customer", "seller").get(pk=invoice_id)
    if not invoice.due_minor or clock.now() >= invoice.pay_until:
        return False
    rest = money(invoice.due_minor, invoice.currency)
    until = local(invoice.pay_until, invoice.seller.zone)
    return write(
        key=f"{KEY}{invoice.reference}", to=invoice.customer.email, origin=invoice.origin,
        customer_id=invoice.customer_id,
        subject=_("%(rest)s are still to be paid until %(until)s (%(invoice)s)")
        % {"rest": rest, "until": until, "invoice": invoice},
        body=body(
            "invoice_rest.txt", invoice=invoice, rest=rest, until=until,
            received=money(invoice.received_minor, invoice.currency), page=link(f"/invoices/{invoice.reference}"),
        ),
    )  # fmt: skip
