from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_audience_and_seen")]

    operations = [
        migrations.AddField("mail", "reply_to", models.EmailField(blank=True, default="", max_length=254)),
    ]
