from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    name = "prorata.ledger"
    label = "ledger"

    def ready(self) -> None:
        from prorata.ledger.privileges import grant_to_application

        post_migrate.connect(grant_to_application, dispatch_uid="prorata.ledger.privileges")
