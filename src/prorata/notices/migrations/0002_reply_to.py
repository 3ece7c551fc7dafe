from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        migrations.AddField("mail", "reply_to", models.EmailField(blank=True, default="", max_length=254)),
    ]
