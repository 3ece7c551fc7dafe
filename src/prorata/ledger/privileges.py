"""After each migration: the application's role may do its work, and may not touch what is written once."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections

from prorata.ledger.append_only import AppendOnly


def grant_to_application(using: str, **_: Any) -> None:
    """Signal handler for post_migrate. Does nothing where owner and application are one role: a trigger still guards."""
    role = settings.PRORATA_APPLICATION_ROLE
    connection = connections[using]
    if not role or connection.settings_dict["USER"] == role:
        return
    name = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if not cursor.fetchone():
            return
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name(role)}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name(role)}")
        cursor.execute(f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {name(role)}")
        existing = set(connection.introspection.table_names(cursor))
        for model in apps.get_models():
            if issubclass(model, AppendOnly) and model._meta.db_table in existing:
                table = name(model._meta.db_table)
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {name(role)}")
