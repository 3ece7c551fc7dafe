from django.apps import AppConfig


class GuidesConfig(AppConfig):
    name = "prorata.guides"
    label = "guides"
    verbose_name = "Guides"
