"""Who of the staff looked at the portal of a customer, and why: written once, kept, and short."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from prorata.ledger import guards

WHY = [
    ("pressed", "Ended by hand"),
    ("another", "Another view was begun"),
    ("signed_out", "Signed out"),
    ("not_allowed", "The right was lost"),
]


def key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def of(model):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="staff_views", to=model)


class Migration(migrations.Migration):

    dependencies = [("customers", "0002_person_language_and_zone"), ("ledger", "0003_nothing_later")]

    operations = [
        migrations.CreateModel(
            name="StaffView",
            fields=[
                ("id", key()),
                ("reason", models.CharField(help_text="the customer reads this", max_length=200)),
                ("at", models.DateTimeField(help_text="business time")),
                ("began_at", models.DateTimeField(help_text="machine time")),
                ("until", models.DateTimeField(help_text="machine time: it ends then by itself")),
                ("customer", of("customers.customer")),
                ("staff", of(settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [("view_as_customer", "Can view the portal as a customer")],
                "indexes": [models.Index(fields=["customer", "-id"], name="staff_view_of_customer")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("reason__regex", "\\S")), name="staff_view_has_a_reason"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__gt", models.F("began_at")),
                            (
                                "until__lte",
                                models.expressions.CombinedExpression(
                                    models.F("began_at"), "+", models.Value(datetime.timedelta(seconds=1800))
                                ),
                            ),
                        ),
                        name="staff_view_is_short",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffViewEnd",
            fields=[
                ("id", key()),
                ("why", models.CharField(choices=WHY, max_length=11)),
                ("at", models.DateTimeField(help_text="business time")),
                ("ended_at", models.DateTimeField(help_text="machine time")),
                (
                    "view",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end", to="customers.staffview"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("why__in", ["pressed", "another", "signed_out", "not_allowed"])),
                        name="staff_view_end_known",
                    )
                ],
            },
        ),
        guards.append_only("customers_staffview", "customers_staffviewend"),
        guards.numbered("customers_staffview", "customers_staffviewend"),
    ]
