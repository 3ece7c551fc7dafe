from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "prorata.provisioning"
    label = "provisioning"
