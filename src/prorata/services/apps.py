from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "prorata.services"
    label = "services"
