from django.apps import AppConfig


class RecognitionConfig(AppConfig):
    name = "prorata.recognition"
    label = "recognition"
    verbose_name = "Revenue by day"
