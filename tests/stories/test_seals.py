"""What is written once is sealed, and whoever changes it later is named with its row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from prorata import clock
from prorata.ledger import accounts
from prorata.ledger.models import Entry, Transfer
from prorata.ledger.post import post
from prorata.notices.models import Mail
from prorata.services.models import Service
from prorata.verify import nightly
from prorata.verify.models import Run, Seal
from prorata.verify.promise import Asked, Finding
from prorata.verify.seal import seal_all, unsealed
from prorata.verify.sealed_text import sealed_tables
from prorata.verify.walk import walk
from support.attacks import Attack, attack, triggers_asleep
from support.corruption import found_after
from support.database import TestDatabase
from support.world import World

__all__ = ["attack"]
Altered = Callable[..., list[Finding]]


@pytest.fixture
def web(world: World) -> Service:
    web = world.web_01("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    return web


@pytest.fixture
def altered(database: TestDatabase) -> Altered:
    """What verify finds after a statement of somebody who can do everything; it is rolled back unless it is to stay."""

    def do(statement: str, *, stays: bool = False) -> list[Finding]:
        return found_after(database, statement, commit=stays)

    return do


def named(found: list[Finding], promise: str) -> list[tuple[str, str]]:
    return [(one.place, one.what) for one in found if one.promise == promise]


def test_everything_written_once_is_sealed_in_one_chain(world: World, web: Service) -> None:
    before = unsealed()
    assert before > 15
    assert seal_all() == before
    assert (seal_all(), unsealed()) == (0, 0)
    seals = list(Seal.objects.all())
    assert {"ledger_entry", "ledger_transfer", "payments_capture", "changes_quote", "trail_deed"} <= {
        one.table for one in seals
    }
    assert bytes(seals[0].previous) == bytes(32)
    assert [bytes(one.previous) for one in seals[1:]] == [bytes(one.hash) for one in seals[:-1]]
    entries = Seal.objects.get(table="ledger_entry")
    assert (entries.rows, len(entries.marks)) == (Entry.objects.count(), 16 * Entry.objects.count())
    assert entries.columns == ["account_id", "amount_minor", "currency", "id", "transfer_id"]
    world.gift(500, until="2026-12-31T00:00+09:00")
    world.recognise()
    assert seal_all() > 0
    assert walk(Asked(now=clock.now())).holds


def test_a_word_that_no_promise_speaks_of(web: Service, altered: Altered) -> None:
    """The reason of a transfer: only its seal knows what it was."""
    forge = "UPDATE ledger_transfer SET reason = 'a gift' WHERE id = 1"
    assert altered(forge) == []
    seal_all()
    seal = Seal.objects.get(table="ledger_transfer")
    assert named(altered(forge), "sealed-rows-stay") == [
        ("ledger_transfer 1", f"was changed after it was sealed by verify_seal {seal.pk}")
    ]


def test_rows_that_go_and_rows_that_come(web: Service, altered: Altered) -> None:
    seal_all()
    by = f"by verify_seal {Seal.objects.get(table='trail_deed').pk}"
    assert named(altered("DELETE FROM trail_deed WHERE id = 1"), "sealed-rows-stay") == [
        ("trail_deed 1", f"was removed after it was sealed {by}")
    ]
    copied = "INSERT INTO trail_deed SELECT (jsonb_populate_record(d, '{\"id\": 0}')).* FROM trail_deed d WHERE id = 1"
    assert named(altered(copied), "sealed-rows-stay") == [
        ("trail_deed 0", f"was put among rows that were sealed without it {by}")
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verify_seal SET hash = sha256(hash) WHERE id = %s",
        "UPDATE verify_seal SET marks = substr(marks, 17) || substr(marks, 1, 16) WHERE id = %s",
        "UPDATE verify_seal SET sealed_at = sealed_at + interval '1 hour' WHERE id = %s",
        "UPDATE verify_seal SET rows = rows + 1 WHERE id = %s",
        "DELETE FROM verify_seal WHERE id = %s",
    ],
)
def test_the_seals_themselves(web: Service, altered: Altered, statement: str) -> None:
    seal_all()
    seal = Seal.objects.get(table="ledger_entry")
    assert altered(statement.replace("%s", str(seal.pk)))


def test_a_chain_that_was_cut_short(world: World, web: Service, altered: Altered) -> None:
    """Whoever removes the newest seals, and then changes rows, is found by what an earlier run saw."""
    seal_all()
    newest = Seal.objects.order_by("-id").first()
    assert newest is not None
    nightly.run()
    assert named(altered("SELECT 1"), "seals-are-a-chain") == []
    found = altered(f"DELETE FROM verify_seal WHERE id = {newest.pk}")
    assert [place for place, _ in named(found, "seals-are-a-chain")] == [f"verify_seal {newest.pk}"]


def test_what_is_open_is_not_sealed_and_nothing_slips_in_below(
    world: World, web: Service, attack: Attack
) -> None:
    """A transaction has drawn the lower ids and is open while another, with higher ids, is committed: both wait."""
    seal_all()

    def two_legs(key: str) -> None:
        gift, other = accounts.gifts("JPY"), accounts.adopted("JPY")
        post(key=key, kind="granted", origin=key, legs=[(gift, 5), (other, -5)], at=clock.now())

    with attack("application") as sql:
        sql.execute(
            "INSERT INTO ledger_transfer (key, kind, origin, reason, actor, at, recorded_at) "
            "VALUES ('slow', 'granted', 'slow', '', 'test', now(), now())"
        )
        two_legs("quick")
        assert seal_all(patience=0.5) == 0, "the open transaction has a lower id"
        sql.rollback()
    assert seal_all() == 3, "a transfer and its two entries"
    low, high = Transfer.objects.order_by("-id").values_list("id", flat=True)[:2][::-1]
    assert high > low + 1, "the id that was rolled back is a gap, and no finding"
    assert named(list(walk(Asked(now=clock.now())).findings), "sealed-rows-stay") == []
    with (
        attack("eraser") as sql,
        triggers_asleep(sql),
    ):  # nothing asked for this transfer: it is not part of the story
        sql.execute("DELETE FROM ledger_entry WHERE transfer_id = %s", [high])
        sql.execute("DELETE FROM ledger_transfer WHERE id = %s", [high])
        sql.execute("DELETE FROM verify_seal")
        sql.commit()


def test_a_transaction_has_its_number_before_it_draws_an_id(web: Service, database: TestDatabase) -> None:
    """Every table that is sealed takes it: without it, an id could be drawn by a transaction the job does not wait for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE p.proname = 'prorata_take_number' AND t.tgenabled = 'O'"
        )
        assert sorted(name for (name,) in cursor.fetchall()) == sealed_tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NULL")
        assert cursor.fetchone() == (True,)
        cursor.execute(
            "INSERT INTO trail_deed (at, recorded_at, actor, actor_name, what, place, reference, reason, changed) "
            "SELECT now(), now(), 'a', '', 'b', '', pg_current_xact_id_if_assigned()::text, '', '{}' RETURNING reference"
        )
        assert cursor.fetchone()[0] is not None, "the statement saw the number before its first row"
        transaction.set_rollback(True)


def test_sealing_waits_for_others_and_so_is_in_no_transaction(web: Service) -> None:
    with (
        transaction.atomic(),
        pytest.raises(transaction.TransactionManagementError, match="must not be in one"),
    ):
        seal_all()


def test_the_night_keeps_what_it_found_and_tells_staff(
    world: World, web: Service, altered: Altered, settings: Settings
) -> None:
    settings.PRORATA_STAFF_EMAIL = "desk@example.com"
    world.recognise()
    quiet = nightly.run()
    assert (quiet.broken, quiet.findings) == (0, [])
    assert quiet.rows > 20
    altered("UPDATE services_service SET carry = 0.25", stays=True)
    loud = nightly.run()
    world.work()
    assert (Run.objects.count(), loud.broken) == (2, 1)
    mail = Mail.objects.get(key=f"verify.broken:{loud.pk}")
    assert (mail.to, mail.subject) == ("desk@example.com", "Needs you: 1 row breaks a promise of the books")
    assert f"services_service {web.pk} (web-01)" in mail.body
    assert f"/verify/run/{loud.pk}/change/" in mail.body
    altered("UPDATE services_service SET carry = 0", stays=True)
