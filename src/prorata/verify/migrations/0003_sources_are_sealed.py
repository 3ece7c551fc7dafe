"""What a credit note reduces is sealed too: its rows take their transaction's number before they draw an id."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("verify", "0002_guards"), ("invoices", "0007_what_a_line_stands_on")]

    operations = [guards.numbered("invoices_creditsource")]
