from django.apps import AppConfig


class ChangesConfig(AppConfig):
    name = "prorata.changes"
    label = "changes"
