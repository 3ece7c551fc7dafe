from django.apps import AppConfig


class DriftConfig(AppConfig):
    name = "prorata.changes.drift"
    label = "drift"
    verbose_name = "Drift"
