"""Who buys: customers, the people who act for them, what each person may do, and when staff looked at a portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models

from prorata.ledger.append_only import AppendOnly


class PersonManager(UserManager["User"]):
    """People sign in with their e-mail address; there is no other user name."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        if not email:
            raise ValueError("a person needs an e-mail address")
        person = self.model(email=self.normalize_email(email), **extra)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **extra})


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, blank=True, help_text="empty: that of the first page read")
    time_zone = models.CharField(max_length=64, blank=True, help_text="e.g. Asia/Tokyo; empty: the seller's")

    # The customer whose portal a member of staff views, for one request (staff_view.py). No column: it cannot be stored.
    looks_at: int | None = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[PersonManager] = PersonManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """One name, as the person writes it; there is no first and last."""
        return str(self)


class Customer(models.Model):
    name = models.CharField(max_length=200)
    email = models.EmailField(help_text="where invoices and notices go")
    country = models.CharField(max_length=2, default="JP", help_text="ISO 3166 code")
    address = models.TextField(blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    preferred_method = models.CharField(max_length=40, blank=True, help_text="payment method chosen last")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", "Owner: everything"
        TECHNICAL = "technical", "Technical: may choose a change, may not pay"
        BILLING = "billing", "Billing: may pay, may not change"
        READER = "reader", "Reader"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.OWNER)
    let_in_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="when somebody of the customer or staff let the person in, by the machine's clock",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "user"], name="one_role_a_person_and_customer")
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.customer}: {self.role}"

    @property
    def shown_name(self) -> str:
        """The person as colleagues read them: by name from their first sign-in after they were let in, till then by address.

        Whoever lets somebody in types an address. Were the name of an account that exists already shown for it at once, an
        invitation would tell strangers whose address it is.
        """
        last_sign_in = self.user.last_login
        came = self.let_in_at is None or (last_sign_in is not None and last_sign_in >= self.let_in_at)
        return str(self.user) if came else self.user.email


class StaffView(AppendOnly):
    """A member of staff looks at a customer's portal. It is over at `until`, or before that where it has an `end`."""

    LONGEST = timedelta(minutes=30)

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="staff_views")
    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="staff_views")
    reason = models.CharField(max_length=200, help_text="the customer reads this")
    at = models.DateTimeField(help_text="business time")
    began_at = models.DateTimeField(help_text="machine time")
    until = models.DateTimeField(help_text="machine time: it ends then by itself")

    class Meta:
        ordering = ["-id"]
        permissions = [("view_as_customer", "Can view the portal as a customer")]
        indexes = [models.Index(fields=["customer", "-id"], name="staff_view_of_customer")]
        constraints = [
            models.CheckConstraint(condition=models.Q(reason__regex=r"\S"), name="staff_view_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("began_at"))
                & models.Q(until__lte=models.F("began_at") + timedelta(minutes=30)),
                name="staff_view_is_short",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.reason}"


class StaffViewEnd(AppendOnly):
    """A view that ended before its time, once."""

    class Why(models.TextChoices):
        PRESSED = "pressed", "Ended by hand"
        ANOTHER = "another", "Another view was begun"
        SIGNED_OUT = "signed_out", "Signed out"
        NOT_ALLOWED = "not_allowed", "The right was lost"

    view = models.OneToOneField(StaffView, on_delete=models.PROTECT, related_name="end")
    why = models.CharField(max_length=11, choices=Why)
    at = models.DateTimeField(help_text="business time")
    ended_at = models.DateTimeField(help_text="machine time")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(why__in=["pressed", "another", "signed_out", "not_allowed"]),
                name="staff_view_end_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.view}: {self.get_why_display()}"
