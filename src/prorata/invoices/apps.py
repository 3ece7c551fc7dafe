from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "prorata.invoices"
    label = "invoices"
