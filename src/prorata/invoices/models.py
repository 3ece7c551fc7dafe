"""Invoices, credit notes, their lines and numbers; paid layers and what was taken back from them."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models

from prorata.catalog.models import PriceBook
from prorata.customers.models import Customer
from prorata.invoices.line_facts import KeepsLineFacts
from prorata.invoices.parties import Parties, names_its_parties
from prorata.ledger.append_only import AppendOnly
from prorata.ledger.models import Transfer
from prorata.services.models import Service


class Seller(models.Model):
    """The legal entity that issues documents, with its own rounding, zone and number series."""

    class Rounding(models.TextChoices):
        HALF_UP = "half_up", "Half up"
        DOWN = "down", "Down (usual in Japan)"
        UP = "up", "Up"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code; e-invoices need it")
    tax_number = models.CharField(max_length=40, blank=True)
    tax_rounding = models.CharField(max_length=7, choices=Rounding, default=Rounding.HALF_UP)
    zone = models.CharField(max_length=60, default="UTC", help_text="billing time zone, e.g. Asia/Tokyo")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValidationError(
                {"zone": "Use a zone name such as Asia/Tokyo or Europe/Berlin."}
            ) from unknown


class NumberSeries(models.Model):
    """The next legal number of one kind of document. Taken as the last statement of the settling transaction: no gaps."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="series")
    kind = models.CharField(max_length=11, choices=[("invoice", "Invoice"), ("credit_note", "Credit note")])
    prefix = models.CharField(max_length=20)
    next_number = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [
            models.UniqueConstraint(fields=["seller", "kind"], name="one_series_a_seller_and_kind"),
            models.UniqueConstraint(fields=["prefix"], name="series_prefix_once"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}{self.next_number}"


class Invoice(Parties):
    """A demand for payment. Lines and totals never change; the legal number comes when it is settled."""

    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="invoices")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, related_name="invoices")
    origin = models.TextField(help_text="what it is for, e.g. change:C-20931")
    reference = models.CharField(
        max_length=40, unique=True, help_text="pro-forma reference, from the first moment on"
    )
    number = models.CharField(
        max_length=40, unique=True, null=True, blank=True, help_text="legal number, once settled"
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    tax_rate = models.DecimalField(max_digits=7, decimal_places=6)
    tax_label = models.CharField(max_length=60, blank=True)
    tax_included = models.BooleanField(default=False)
    credit_minor = models.BigIntegerField(default=0, help_text="paid or pledged from purses")
    gifted_minor = models.BigIntegerField(default=0, help_text="the part of it that is gifted credit")
    received_minor = models.BigIntegerField(default=0, help_text="received through gateways")
    voucher_code = models.CharField(max_length=40, blank=True, help_text="whose discount is in the lines")
    created_at = models.DateTimeField()
    pay_until = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="cancelled or expired")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["customer", "-id"], name="invoice_of_customer")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(gross_minor=models.F("net_minor") + models.F("tax_minor")),
                name="invoice_adds_up",
            ),
            models.CheckConstraint(condition=models.Q(gross_minor__gt=0), name="invoice_asks_for_something"),
            names_its_parties("invoice"),
            models.CheckConstraint(
                condition=models.Q(
                    status="paid", number__isnull=False, settled_at__isnull=False, closed_at__isnull=True
                )
                | models.Q(
                    status="open", number__isnull=True, settled_at__isnull=True, closed_at__isnull=True
                )
                | models.Q(
                    status__in=["cancelled", "expired"],
                    number__isnull=True,
                    settled_at__isnull=True,
                    closed_at__isnull=False,
                ),
                name="invoice_status_matches_facts",
            ),
            models.CheckConstraint(
                condition=models.Q(credit_minor__gte=0, gifted_minor__gte=0, received_minor__gte=0)
                & models.Q(gifted_minor__lte=models.F("credit_minor"))
                & models.Q(credit_minor__lte=models.F("gross_minor")),
                name="invoice_parts_in_range",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="paid")
                | models.Q(gross_minor=models.F("credit_minor") + models.F("received_minor")),
                name="paid_invoice_is_covered",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.reference

    @property
    def due_minor(self) -> int:
        """What is still to be paid through a gateway."""
        return (
            self.gross_minor - self.credit_minor - self.received_minor
            if self.status == self.Status.OPEN
            else 0
        )


class InvoiceLine(KeepsLineFacts, AppendOnly):
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    component = models.CharField(max_length=40, help_text="resource type code")
    text = models.CharField(max_length=300)
    period_starts = models.DateField()
    period_ends = models.DateField()
    exact = models.DecimalField(max_digits=28, decimal_places=8, help_text="major units before rounding")
    net_minor = models.BigIntegerField(help_text="as charged: after minimum charge and voucher")
    tax_minor = models.BigIntegerField()
    raised_minor = models.BigIntegerField(default=0, help_text="what a minimum charge added")
    discount_minor = models.BigIntegerField(default=0, help_text="what a voucher took off")

    class Meta:
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position_once"),
            models.CheckConstraint(
                condition=models.Q(raised_minor__gte=0, discount_minor__gte=0),
                name="invoice_line_adjusted_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def price_minor(self, tax_included: bool) -> int:
        """What the rule alone asks, in the basis of the price book, before a minimum charge and a voucher."""
        charged = self.net_minor + (self.tax_minor if tax_included else 0)
        return charged - self.raised_minor + self.discount_minor


class CreditNote(Parties, AppendOnly):
    """A numbered document that gives back: for a reduction after the machine has shrunk, or for what was not delivered."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="credit_notes")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credit_notes")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, related_name="credit_notes")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="credit_notes")
    origin = models.TextField()
    number = models.CharField(max_length=40, unique=True)
    reason = models.CharField(max_length=10, choices=[("reduced", "Reduced"), ("reversed", "Not delivered")])
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    tax_rate = models.DecimalField(max_digits=7, decimal_places=6)
    tax_label = models.CharField(max_length=60, blank=True)
    cash_minor = models.BigIntegerField(help_text="given back as account credit")
    gifted_minor = models.BigIntegerField(help_text="given back as gifted credit")
    at = models.DateTimeField()
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="credit_note")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["origin", "reason"], name="credited_once_an_origin_and_reason"),
            models.CheckConstraint(
                condition=models.Q(gross_minor=models.F("net_minor") + models.F("tax_minor")),
                name="credit_note_adds_up",
            ),
            models.CheckConstraint(
                condition=models.Q(gross_minor=models.F("cash_minor") + models.F("gifted_minor")),
                name="credit_note_is_given",
            ),
            models.CheckConstraint(condition=models.Q(gross_minor__gt=0), name="credit_note_gives_something"),
            names_its_parties("credit_note"),
        ]

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(KeepsLineFacts, AppendOnly):
    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    component = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    exact = models.DecimalField(max_digits=28, decimal_places=8)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()

    class Meta:
        ordering = ["credit_note", "position"]

    def __str__(self) -> str:
        return self.text


class Layer(AppendOnly):
    """What was really paid for one step of one component, so that a later reduction gives back at most that.

    `low` and `high` are the values it spans, `low_price` and `high_price` their monthly prices in its own price book.
    `amount`, `tax` and `gifted` are major units with 8 decimals; `amount` is in the book's own basis (gross where tax is
    included), `gifted` is the gross part paid with gifted credit.
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="layers")
    component = models.CharField(max_length=40)
    low = models.JSONField(null=True, help_text="value before; null: nothing")
    high = models.JSONField()
    price_book = models.ForeignKey(PriceBook, on_delete=models.PROTECT, related_name="layers")
    low_price = models.DecimalField(max_digits=20, decimal_places=8)
    high_price = models.DecimalField(max_digits=20, decimal_places=8)
    starts = models.DateField()
    ends = models.DateField()
    amount = models.DecimalField(max_digits=28, decimal_places=8)
    tax = models.DecimalField(max_digits=28, decimal_places=8, default=Decimal(0))
    gifted = models.DecimalField(max_digits=28, decimal_places=8, default=Decimal(0))
    gifted_expires_at = models.DateTimeField(null=True, blank=True)
    origin = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["service", "component", "-id"], name="layer_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "component", "origin", "starts"], name="layer_once_an_origin"
            ),
            models.CheckConstraint(condition=models.Q(starts__lt=models.F("ends")), name="layer_covers_days"),
            models.CheckConstraint(
                condition=models.Q(
                    amount__gte=0, tax__gte=0, gifted__gte=0, low_price__gte=0, high_price__gte=0
                ),
                name="layer_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.low} to {self.high}: {self.amount}"


class CreditSource(AppendOnly):
    """What a credit note line reduces: the layer it took back and the invoice line that charged it.

    An opening layer, and one that grew in a change without anything to pay, have no invoice. What could not be delivered
    never became a layer.
    """

    line = models.ForeignKey(CreditNoteLine, on_delete=models.PROTECT, related_name="sources")
    invoice_line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, null=True, related_name="credited_by"
    )
    layer = models.ForeignKey(Layer, on_delete=models.PROTECT, null=True, related_name="credited_by")

    class Meta:
        ordering = ["line", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "layer"], name="credit_source_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(invoice_line__isnull=False) | models.Q(layer__isnull=False),
                name="credit_source_names_something",
            ),
        ]

    def __str__(self) -> str:
        return str(self.invoice_line or self.layer)


class Unwinding(AppendOnly):
    """The part of a layer that a reduction took back: from `top_price` down to `left_price`, in the layer's own prices."""

    layer = models.ForeignKey(Layer, on_delete=models.PROTECT, related_name="unwindings")
    top_price = models.DecimalField(max_digits=20, decimal_places=8)
    left_price = models.DecimalField(max_digits=20, decimal_places=8)
    origin = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["layer", "origin"], name="unwound_once_an_origin"),
            models.UniqueConstraint(fields=["layer", "left_price"], name="unwound_once_to_a_price"),
            models.CheckConstraint(
                condition=models.Q(left_price__lt=models.F("top_price")), name="unwinding_goes_down"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layer_id}: {self.top_price} to {self.left_price}"
