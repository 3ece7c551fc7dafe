from django.apps import AppConfig


class TrailConfig(AppConfig):
    name = "prorata.trail"
    label = "trail"
    verbose_name = "Audit trail"
