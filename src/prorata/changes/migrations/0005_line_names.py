"""The values of a change's lines in words too, so that every page shows an option by its name."""

from django.db import migrations, models

# Lines of ended changes are kept as they were by triggers; what is filled in here is only how they are shown.
FILL = """
ALTER TABLE changes_changeline DISABLE TRIGGER USER;
UPDATE changes_changeline SET from_name = left(from_value #>> '{}', 80), to_name = left(to_value #>> '{}', 80);
ALTER TABLE changes_changeline ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    # PostgreSQL does not alter a table while rows of the same transaction wait for deferred checks.
    atomic = False
    dependencies = [("changes", "0004_changes_stay")]

    operations = [
        migrations.AddField(
            model_name="changeline",
            name="from_name",
            field=models.CharField(
                default="", help_text="the value in words: an option's name, or the quantity", max_length=80
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="changeline",
            name="to_name",
            field=models.CharField(default="", max_length=80),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
