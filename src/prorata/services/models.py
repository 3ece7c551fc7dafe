"""What runs: a customer's service, its term, its configuration, and what was measured on its machine."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from prorata.catalog.models import Product
from prorata.customers.models import Customer


class Service(models.Model):
    """One running thing sold for a term. `version` rises with every change of configuration, term or status."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        TERMINATED = "terminated", _("Terminated")
        WAITING = "waiting", _("Waiting for payment")
        UNSTARTED = "unstarted", _("Never started")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="services")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="services")
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    driver = models.CharField(max_length=40, help_text="which hypervisor connection runs it")
    external_id = models.CharField(max_length=120, help_text="the machine's id there")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    status_reason = models.CharField(max_length=200, blank=True, help_text="the customer reads this")
    term_starts_at = models.DateTimeField(
        help_text="start of the last term that is paid; to come, where it was renewed early"
    )
    term_ends_at = models.DateTimeField(
        help_text="first instant after the paid time; a change never moves it"
    )
    term_months = models.PositiveSmallIntegerField(
        default=1, help_text="length of that last term, for the renewal's price"
    )
    # One JSON object, code -> quantity or option: the configuration changes as one thing, under one version.
    configuration = models.JSONField(help_text='what was paid for, e.g. {"cpu": 2, "memory": 4}')
    differing = models.JSONField(
        default=list,
        help_text="resources whose sold, invoiced and measured size differ: they cannot be changed until that is settled",
    )
    carry = models.DecimalField(
        max_digits=20,
        decimal_places=8,
        default=Decimal(0),
        help_text="what rounding kept back, under half a minor unit",
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            # A service whose purchase was never paid gives its machine free again.
            models.UniqueConstraint(
                fields=["driver", "external_id"],
                condition=~models.Q(status="unstarted"),
                name="machine_sold_once",
            ),
            models.CheckConstraint(
                condition=models.Q(term_starts_at__lt=models.F("term_ends_at")),
                name="service_term_has_length",
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="service_currency_iso"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "suspended", "terminated", "waiting", "unstarted"]),
                name="service_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Reading(models.Model):
    """What a machine was measured to be at an instant. Written by provisioning only, never edited."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="readings")
    taken_at = models.DateTimeField(help_text="business time")
    state = models.CharField(max_length=10, help_text="running, stopped or busy")
    busy_with = models.CharField(max_length=120, blank=True)
    host = models.CharField(max_length=120, blank=True)
    configuration = models.JSONField(help_text="as measured, code -> quantity or option")
    usage = models.JSONField(default=dict, help_text="code -> amount in the resource's own unit, as a string")
    objects_stored = models.JSONField(default=list, help_text="[{id, kind, name, created_at, size_gb}]")
    headroom = models.JSONField(default=dict, help_text="code -> how many more the host can give")
    restart_pending = models.JSONField(default=list, help_text="codes that wait for a restart")
    fixed = models.JSONField(default=dict, help_text="code -> why the machine never makes it smaller")
    # Kept with the reading, so that what a page offers costs no look through a week of them.
    peaks = models.JSONField(
        default=dict, help_text='code -> the most used in its product\'s window: {"amount", "at", "days"}'
    )

    class Meta:
        indexes = [
            models.Index(fields=["service", "-taken_at", "-id"], name="reading_newest"),
            models.Index(
                fields=["service", "-taken_at", "-id"],
                condition=~models.Q(restart_pending=[]),
                name="reading_awaits_restart",
            ),
        ]
        get_latest_by = ["taken_at", "id"]

    def __str__(self) -> str:
        return f"{self.service} at {self.taken_at:%Y-%m-%d %H:%M:%S}"
