from django.db import migrations, models

# Counters of a minute need not outlive a crash, and must not wait for the disk.
UNLOGGED = "ALTER TABLE {table} SET UNLOGGED"
LOGGED = "ALTER TABLE {table} SET LOGGED"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Kept",
            fields=[
                ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "what", "person", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("what", models.CharField(help_text="a key of PRORATA_TRIES", max_length=20)),
                ("person", models.BigIntegerField()),
                (
                    "spent_until",
                    models.DateTimeField(help_text="database's time; each try moves it on by its share"),
                ),
            ],
        ),
        *(
            migrations.RunSQL(UNLOGGED.format(table=table), LOGGED.format(table=table))
            for table in ("tries_kept", "tries_pace")
        ),
    ]
