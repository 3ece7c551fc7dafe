"""What the tests stand on: the application's role, and a reset that really empties."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection
from django.test import TransactionTestCase

from prorata.customers.models import Customer
from support.database import TestDatabase
from support.migrated import lay_out, migrated


def ask(question: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    return row[0] if row else None


@pytest.mark.django_db
def test_django_works_as_the_applications_role(database: TestDatabase) -> None:
    assert ask("SELECT current_user") == database.application.user
    assert ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


@pytest.mark.django_db
def test_the_application_cannot_change_the_schema(database: TestDatabase) -> None:
    if database.owner.user == database.application.user:
        pytest.skip("DATABASE_URL gives one role for both")
    with pytest.raises(ProgrammingError, match="must be owner"):
        ask("ALTER TABLE customers_customer ADD COLUMN other text")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", [1, 2])
def test_each_transactional_test_starts_empty(round_: int) -> None:
    assert not Customer.objects.exists()
    assert Customer.objects.create(name=f"round {round_}", email="a@example.com").pk == 1


@pytest.mark.django_db(transaction=True)
def test_the_reset_passes_triggers_and_keeps_what_django_wrote(database: TestDatabase) -> None:
    Customer.objects.create(name="to go", email="a@example.com")
    kept = ContentType.objects.count()
    TransactionTestCase._fixture_teardown(None)  # type: ignore[arg-type]
    assert not Customer.objects.exists()
    assert ContentType.objects.count() == kept > 0


def test_a_copy_of_the_migrated_cluster_is_not_taken_for_a_leftover(tmp_path: Path) -> None:
    """Another run that starts meanwhile removes homes whose lock nobody holds."""
    home = tmp_path / "home"
    lay_out(home)
    assert (home / "data" / "PG_VERSION").exists() == (migrated() is not None)
    assert not (home / "lock").exists()
