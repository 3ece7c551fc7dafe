from django.apps import AppConfig


class VerifyConfig(AppConfig):
    name = "prorata.verify"
    label = "verify"
    verbose_name = "Books"
