from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "prorata.portal"
    label = "portal"
