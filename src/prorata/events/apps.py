from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "prorata.events"
    label = "events"
