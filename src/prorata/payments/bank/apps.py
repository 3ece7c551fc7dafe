from django.apps import AppConfig


class BankConfig(AppConfig):
    name = "prorata.payments.bank"
    label = "bank"
    verbose_name = "Bank"
