"""Customers may turn off the mail that says that staff looked at their portal."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("notices", "0004_turned_off")]

    operations = [
        migrations.RemoveConstraint("turnedoff", "turned_off_is_optional"),
        migrations.AddConstraint(
            "turnedoff",
            models.CheckConstraint(
                condition=models.Q(("kind__in", ["change_done", "restart", "gift_ends", "staff_view"])),
                name="turned_off_is_optional",
            ),
        ),
    ]
