"""A quote, and the change of a service that was submitted from it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prorata.catalog.models import DiscountSchedule, PriceBook, Product
from prorata.changes import states
from prorata.credit.models import Voucher
from prorata.customers.models import Customer
from prorata.invoices.models import Invoice
from prorata.ledger.append_only import AppendOnly
from prorata.services.models import Reading, Service


class Quote(AppendOnly):
    """An estimate frozen at Continue with all its inputs. The price you saw is the price you pay, until `expires_at`."""

    reference = models.CharField(max_length=20, unique=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="quotes")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="quotes")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quotes")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    service_version = models.PositiveIntegerField()
    from_configuration = models.JSONField()
    to_configuration = models.JSONField()
    price_book = models.ForeignKey(PriceBook, on_delete=models.PROTECT, related_name="quotes")
    schedule = models.ForeignKey(DiscountSchedule, on_delete=models.PROTECT, null=True, related_name="quotes")
    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, null=True, related_name="quotes")
    rule = models.CharField(max_length=40)
    rule_version = models.PositiveSmallIntegerField(default=1)
    credit_model = models.CharField(max_length=20, default="capped")
    credit_version = models.PositiveSmallIntegerField(default=1)
    inputs = models.JSONField(
        help_text="everything the price was computed from; replaying it gives the same figures"
    )
    figures = models.JSONField(help_text="the whole result: lines, tax, steps, plans, renewal")
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, blank=True, related_name="quotes"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(gross_minor=models.F("net_minor") + models.F("tax_minor")),
                name="quote_adds_up",
            ),
            models.CheckConstraint(
                condition=models.Q(made_at__lt=models.F("expires_at")), name="quote_lasts"
            ),
        ]
        indexes = [models.Index(fields=["made_at"], name="quote_by_time")]

    def __str__(self) -> str:
        return self.reference


class Change(models.Model):
    """One change of one service, from Submit to its end. Always has a state, and while open an owner and a deadline."""

    STATUSES = [(name, name.replace("_", " ").capitalize()) for name in states.ALL]

    reference = models.CharField(max_length=20, unique=True)
    quote = models.OneToOneField(Quote, on_delete=models.PROTECT, related_name="change")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="changes")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="changes")
    status = models.CharField(max_length=16, choices=STATUSES)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="changes"
    )
    submitted_at = models.DateTimeField()
    may_restart = models.BooleanField(default=True)
    currency = models.CharField(max_length=3)
    gross_minor = models.BigIntegerField()
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="change"
    )
    reason = models.CharField(max_length=40, blank=True, help_text="why it waits or ended so, as a key")
    detail = models.TextField(blank=True, help_text="for staff")
    deadline = models.DateTimeField(help_text="business time at which it ends by itself or staff must look")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="owned_changes",
        help_text="who of the staff looks after it; empty: the system",
    )  # fmt: skip
    started_at = models.DateTimeField(
        null=True, blank=True, help_text="paid, or nothing to pay: applying began"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    restart_pending = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["customer", "-id"], name="change_of_customer"),
            models.Index(fields=["submitted_at"], name="change_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=models.Q(status__in=list(states.OPEN)),
                name="one_open_change_a_service",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=list(states.ALL)), name="change_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status="awaiting_payment", started_at=None, ended_at=None, invoice__isnull=False
                )
                | models.Q(
                    status__in=["applying", "parked", "attention"], started_at__isnull=False, ended_at=None
                )
                | models.Q(
                    status__in=["applied", "partly_applied", "reversed"],
                    started_at__isnull=False,
                    ended_at__isnull=False,
                )
                | models.Q(status__in=["cancelled", "expired"], started_at=None, ended_at__isnull=False),
                name="change_status_matches_facts",
            ),
            models.CheckConstraint(
                condition=models.Q(gross_minor__lte=0, invoice__isnull=True)
                | models.Q(gross_minor__gt=0, invoice__isnull=False),
                name="change_to_pay_has_an_invoice",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def origin(self) -> str:
        """How the rooms below refer to it."""
        return f"change:{self.reference}"


class ChangeLine(models.Model):
    """One component of a change, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        APPLIED = "applied"
        REVERSED = "reversed"

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    component = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=20, blank=True)
    from_value = models.JSONField()
    to_value = models.JSONField()
    from_name = models.CharField(
        max_length=80, help_text="the value in words: an option's name, or the quantity"
    )
    to_name = models.CharField(max_length=80)
    exact = models.DecimalField(max_digits=28, decimal_places=8)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    measured = models.JSONField(null=True, blank=True, help_text="what was read back at the end")

    class Meta:
        ordering = ["change", "position"]
        constraints = [
            models.UniqueConstraint(fields=["change", "component"], name="component_once_a_change")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.from_name} to {self.to_name}"

    def named(self, value: object) -> str:
        """A value of this component in words: one of its own two names, or a quantity as it is."""
        return {str(self.from_value): self.from_name, str(self.to_value): self.to_name}.get(
            str(value), str(value)
        )


class SoldTerm(models.Model):
    """A term of a service that staff sold: its first (a purchase), or one that begins where the last paid one ends (a
    renewal). It counts for the service from the moment it is paid; until then it holds nothing but its invoice."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase"
        RENEWAL = "renewal"

    class Status(models.TextChoices):
        AWAITING_PAYMENT = "awaiting_payment", "Waiting for payment"
        PAID = "paid"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    reference = models.CharField(max_length=20, unique=True)
    key = models.CharField(
        max_length=40, unique=True, help_text="of the form it was sent with: one form sells once"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="terms")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="terms")
    status = models.CharField(max_length=16, choices=Status, default=Status.AWAITING_PAYMENT)
    sold_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sold_terms")
    sold_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="first instant after it")
    months = models.PositiveSmallIntegerField()
    follows_since = models.DateTimeField(
        null=True, blank=True, help_text="of a renewal: when the term before it began"
    )
    original_day = models.PositiveSmallIntegerField(
        help_text="day of the month that terms of this service end on, where the month has it"
    )
    clock_time = models.TimeField(help_text="at which they end, in the billing zone")
    configuration = models.JSONField(help_text="what it was priced for")
    price_book = models.ForeignKey(PriceBook, on_delete=models.PROTECT, related_name="sold_terms")
    schedule = models.ForeignKey(
        DiscountSchedule, on_delete=models.PROTECT, null=True, blank=True, related_name="sold_terms"
    )
    inputs = models.JSONField(help_text="everything its price was computed from")
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="term"
    )
    deadline = models.DateTimeField(help_text="business time at which it expires unpaid")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="when it was paid, cancelled or expired")

    class Meta:
        ordering = ["-id"]
        verbose_name = "term"
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=models.Q(status="awaiting_payment"),
                name="one_unpaid_term_a_service",
            ),
            models.UniqueConstraint(
                fields=["service", "starts_at"],
                condition=models.Q(status="paid"),
                name="terms_follow_each_other",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")), name="term_has_length"
            ),
            models.CheckConstraint(
                condition=models.Q(months__gte=1, original_day__gte=1, original_day__lte=31),
                name="term_months_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="purchase", follows_since=None)
                | models.Q(
                    kind="renewal", follows_since__isnull=False, follows_since__lt=models.F("starts_at")
                ),
                name="renewal_follows_a_term",
            ),
            models.CheckConstraint(
                condition=models.Q(status="awaiting_payment", ended_at=None, invoice__isnull=False)
                | models.Q(status="paid", ended_at__isnull=False)
                | models.Q(
                    status__in=["cancelled", "expired"], ended_at__isnull=False, invoice__isnull=False
                ),
                name="term_status_matches_facts",
            ),
            models.CheckConstraint(
                condition=models.Q(gross_minor=0, invoice__isnull=True)
                | models.Q(gross_minor__gt=0, invoice__isnull=False),
                name="term_to_pay_has_an_invoice",
            ),
            models.CheckConstraint(
                condition=models.Q(gross_minor=models.F("net_minor") + models.F("tax_minor")),
                name="term_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def origin(self) -> str:
        """How the rooms below refer to it."""
        return f"term:{self.reference}"


class Intervention(AppendOnly):
    """What staff did to a change, and why. The customer's page shows it."""

    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="interventions")
    what = models.CharField(
        max_length=12,
        choices=[
            ("retry", _("Retried")),
            ("reverse", _("Reversed")),
            ("take_over", _("Taken over")),
            ("overwrite", _("Set to what was bought")),
        ],
    )
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="interventions")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.reason}"


class SecurityEvent(AppendOnly):
    """Someone asked for what is not theirs, or with figures that were never quoted."""

    kind = models.CharField(max_length=40)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="security_events"
    )
    about = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind}: {self.about}"


class RefusalCount(models.Model):
    """How often something was refused on a day of the seller's, in a language. Nothing tells to whom: only `times` grows."""

    class Step(models.TextChoices):
        CONTINUE = "continue"
        SUBMIT = "submit"

    day = models.DateField(help_text="of the seller's zone")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="refusal_counts")
    component = models.CharField(max_length=40, blank=True, help_text="empty: the whole service")
    code = models.CharField(max_length=40, help_text="why, as in refusals.py")
    step = models.CharField(max_length=8, choices=Step)
    language = models.CharField(max_length=10, help_text="of the page that refused")
    times = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "product", "component", "code", "step", "language"], name="one_count_a_refusal"
            ),
            models.CheckConstraint(
                condition=models.Q(step__in=["continue", "submit"]), name="refusal_step_known"
            ),
            models.CheckConstraint(condition=models.Q(times__gt=0), name="refusal_was_met"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.component} {self.code}: {self.times}"
