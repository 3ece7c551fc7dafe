from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "prorata.customers"
    label = "customers"
