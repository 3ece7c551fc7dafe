from django.apps import AppConfig


class CreditConfig(AppConfig):
    name = "prorata.credit"
    label = "credit"
