"""The seller's bank accounts, what their statements say, and where the money of each line went.

Files, statements and lines come from the bank and never change. Where money went is written once, and a mistake is taken
back by another row. The ledger's transfers are found by their keys: "bank:<account>:<line key>" brought a line in,
"capture:bank:<line>-<n>" or "bank:<what>:<line>-<n>" assigned a part of it, and "undo:<transfer>" took that back.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError as WrongNumber

from prorata.customers.models import Customer
from prorata.invoices.models import Invoice, Seller
from prorata.ledger.append_only import AppendOnly
from prorata.payments.bank import BANK
from prorata.pricing.errors import BadInput
from prorata.pricing.money import minor_digits


class BankAccount(models.Model):
    """An account of a seller in one currency that customers may transfer to."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="bank_accounts")
    currency = models.CharField(max_length=3, help_text="ISO 4217 code, e.g. EUR")
    holder = models.CharField(max_length=140, help_text="as the bank knows it; customers copy it")
    iban = models.CharField("IBAN", max_length=42, blank=True, help_text="or else the account number")
    number = models.CharField(
        "account number",
        max_length=60,
        blank=True,
        help_text="where there is no IBAN: branch and number, as a customer must type them",
    )
    bic = models.CharField("BIC", max_length=14, blank=True)
    bank_name = models.CharField(max_length=140, blank=True, help_text="bank and branch")
    offered = models.BooleanField(default=True, help_text="customers may choose to pay to this account")
    pay_within_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text="how long an invoice waits for its transfer, 1 to 30; never past the end of the term",
    )
    csv_columns = models.JSONField(
        default=dict,
        blank=True,
        help_text="which column of the bank's CSV file is what; asked at the first import",
    )

    class Meta:
        ordering = ["seller", "currency", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="bank_account_currency_iso"
            ),
            models.CheckConstraint(
                condition=~models.Q(iban="", number="") & ~models.Q(holder=""),
                name="bank_account_can_be_paid",
            ),
            models.CheckConstraint(
                condition=models.Q(pay_within_days__gte=1, pay_within_days__lte=30),
                name="bank_account_waits_some_days",
            ),
            models.UniqueConstraint(
                fields=["seller", "currency"],
                condition=models.Q(offered=True),
                name="one_bank_account_offered_a_currency",
                violation_error_message="This seller has an account in this currency that is offered already."
                " Offer one of the two.",
            ),
            models.UniqueConstraint(
                fields=["iban", "currency"], condition=~models.Q(iban=""), name="bank_iban_once"
            ),
            models.UniqueConstraint(
                fields=["number", "currency"], condition=~models.Q(number=""), name="bank_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown_number} {self.currency}"

    @property
    def shown_number(self) -> str:
        """The IBAN in groups of four, or the account number as it was typed."""
        return str(stdnum_iban.format(self.iban)) if self.iban else self.number

    def clean(self) -> None:
        """Bring the numbers to one form. Raises ValidationError, one sentence a field."""
        wrong: dict[str, str] = {}
        self.currency = self.currency.strip().upper()
        try:
            minor_digits(self.currency)
        except BadInput:
            wrong["currency"] = _("Use an ISO 4217 code such as EUR or JPY.")
        self.number = " ".join(self.number.split())
        if bool(self.iban.strip()) == bool(self.number):
            wrong["iban"] = _("Write the IBAN, or else the account number: one of the two.")
        for field, rule, words in (
            (
                "iban",
                stdnum_iban,
                _("This is no IBAN: its check digits do not fit. Copy it from the bank's paper."),
            ),
            ("bic", stdnum_bic, _("This is no BIC: it has 8 or 11 letters and digits, e.g. DEUTDEFF.")),
        ):
            typed = getattr(self, field).strip()
            try:
                setattr(self, field, rule.validate(typed) if typed else "")
            except WrongNumber:
                wrong[field] = words
        if wrong:
            raise ValidationError(wrong)


class StatementFile(models.Model):
    """A file as the bank gave it. Kept while it is looked at before its import, and for good once it is imported."""

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=4, choices=[("camt", "CAMT.053"), ("csv", "CSV")])
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    uploaded_by = models.TextField()
    uploaded_at = models.DateTimeField(help_text="machine time")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "sha256"], name="statement_file_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Statement(AppendOnly):
    """One statement of a file, or a CSV file as a whole, of which at least one line was new."""

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="statements")
    bank_ref = models.CharField(max_length=60, blank=True, help_text="the bank's own number of it")
    opening_minor = models.BigIntegerField(null=True, blank=True)
    closing_minor = models.BigIntegerField(null=True, blank=True)
    entries_minor = models.BigIntegerField(help_text="sum of all booked entries in the file, new or known")
    new_lines = models.PositiveIntegerField()
    known_lines = models.PositiveIntegerField(help_text="came with an earlier file")
    imported_by = models.TextField()
    imported_at = models.DateTimeField(help_text="business time")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opening_minor=None)
                | models.Q(closing_minor=None)
                | models.Q(closing_minor=models.F("opening_minor") + models.F("entries_minor")),
                name="statement_adds_up",
            ),
            models.CheckConstraint(condition=models.Q(new_lines__gt=0), name="statement_brings_something"),
        ]

    def __str__(self) -> str:
        return self.bank_ref or f"{self.file}"


class StatementLine(AppendOnly):
    """One booked movement. `key` names it for ever: the bank's id, or a hash of what it says, and which of equals it is."""

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="lines")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    key = models.CharField(max_length=120)
    booked_on = models.DateField()
    amount_minor = models.BigIntegerField(help_text="came in: positive; went out: negative")
    currency = models.CharField(max_length=3)
    text = models.TextField(blank=True, help_text="everything the sender and the bank wrote")
    name = models.CharField(max_length=200, blank=True, help_text="who sent or received it, as the bank says")
    other_account = models.CharField(max_length=60, blank=True, help_text="IBAN or number of the other side")
    bank_code = models.CharField(
        max_length=60, blank=True, help_text="the bank's code of the kind of movement"
    )
    is_reversal = models.BooleanField(default=False, help_text="the bank takes back an earlier movement")
    several = models.BooleanField(
        default=False,
        db_default=False,
        help_text="a sum of payments that the bank does not tell apart; never assigned by itself",
    )

    class Meta:
        ordering = ["-booked_on", "-id"]
        indexes = [models.Index(fields=["account", "-booked_on"], name="bank_line_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="statement_line_once"),
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="statement_line_moves_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.name or self.text[:40]}".strip()

    @property
    def transfer_key(self) -> str:
        """The key of the ledger's transfer that brought it in."""
        return f"bank:{self.account_id}:{self.key}"


class Allocation(AppendOnly):
    """Where a part of a line's money went. PostgreSQL refuses more than the line has; a mistake is an Unallocation."""

    class What(models.TextChoices):
        INVOICE = "invoice", "To an invoice"
        CREDIT = "credit", "To account credit"
        DEBT = "debt", "To a debt"
        RETURNED = "returned", "Returned to the sender"
        NOT_OURS = "not_ours", "Not ours"

    ASIDE = (What.RETURNED, What.NOT_OURS)

    line = models.ForeignKey(StatementLine, on_delete=models.PROTECT, related_name="allocations")
    position = models.PositiveSmallIntegerField(
        help_text="first, second, ... of this line, taken back or not"
    )
    what = models.CharField(max_length=8, choices=What)
    amount_minor = models.BigIntegerField()
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="allocations"
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="allocations"
    )
    automatic = models.BooleanField(default=False, help_text="by its reference, without a person")
    reason = models.TextField(blank=True)
    actor = models.TextField()
    at = models.DateTimeField(help_text="business time")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["line", "position"], name="allocation_position_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="allocation_positive"),
            models.CheckConstraint(
                condition=models.Q(what="invoice", customer__isnull=False, invoice__isnull=False)
                | models.Q(what__in=["credit", "debt"], customer__isnull=False, invoice__isnull=True)
                | (
                    models.Q(what__in=["returned", "not_ours"], customer__isnull=True, invoice__isnull=True)
                    & ~models.Q(reason="")
                ),
                name="allocation_names_whose_it_is",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}-{self.position}"

    @property
    def transfer_key(self) -> str:
        """The key of the ledger's transfer; an invoice's money comes as a capture."""
        name = f"{self.line_id}-{self.position}"
        return f"capture:{BANK}:{name}" if self.what == self.What.INVOICE else f"bank:{self.what}:{name}"


class Unallocation(AppendOnly):
    """An assignment taken back: the money waits again. It came from these three places; what was set aside, from none."""

    allocation = models.OneToOneField(Allocation, on_delete=models.PROTECT, related_name="taken_back")
    from_invoice_minor = models.BigIntegerField(help_text="was waiting on an open invoice")
    from_purse_minor = models.BigIntegerField(help_text="was account credit")
    debt_minor = models.BigIntegerField(help_text="was used already: the customer owes it now")
    reason = models.TextField()
    actor = models.TextField()
    at = models.DateTimeField(help_text="business time")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_invoice_minor__gte=0, from_purse_minor__gte=0, debt_minor__gte=0),
                name="unallocation_in_range",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="unallocation_has_a_reason"),
        ]

    def __str__(self) -> str:
        return str(self.allocation)
