"""Which kinds of mails a customer has turned off, and the state of a mail that was not sent because of it.

Every mail so far is waiting, sent or failed, so the two new checks hold for all of them.
"""

import django.db.models.deletion
from django.db import migrations, models

STATES = [
    ("waiting", "Waiting"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("off", "Not sent, by the customer's choice"),
]


class Migration(migrations.Migration):

    dependencies = [
        ("customers", "0002_person_language_and_zone"),
        ("notices", "0003_reply_to"),
    ]

    operations = [
        migrations.AlterField("mail", "state", models.CharField(choices=STATES, default="waiting", max_length=7)),
        migrations.AddConstraint(
            "mail",
            models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "failed", "off"])), name="mail_state_known"
            ),
        ),
        migrations.AddConstraint(
            "mail",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "off"), _negated=True),
                    models.Q(("audience", "customer"), ("error", ""), ("tries", 0)),
                    _connector="OR",
                ),
                name="mail_off_was_not_tried",
            ),
        ),
        migrations.CreateModel(
            name="TurnedOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="turned_off", to="customers.customer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "kind"), name="turned_off_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["change_done", "restart", "gift_ends"])),
                        name="turned_off_is_optional",
                    ),
                ],
            },
        ),
    ]
