from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "prorata.staff"
    label = "staff"
