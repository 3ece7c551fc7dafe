from django.apps import AppConfig


class TriesConfig(AppConfig):
    name = "prorata.tries"
    label = "tries"
