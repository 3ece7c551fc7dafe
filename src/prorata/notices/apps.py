from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "prorata.notices"
    label = "notices"
