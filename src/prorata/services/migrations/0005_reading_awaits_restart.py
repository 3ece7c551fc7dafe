from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("services", "0004_differing")]
    operations = [
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(
                condition=models.Q(("restart_pending", []), _negated=True),
                fields=["service", "-taken_at", "-id"],
                name="reading_awaits_restart",
            ),
        ),
    ]
