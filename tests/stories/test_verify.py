"""`prorata verify` on a provider's books: silence while they hold, and a line for the row that does not."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.db import InternalError, connection, transaction

from prorata import clock
from prorata.changes.cancel import cancel
from prorata.credit.models import Purse
from prorata.ledger.models import Entry
from prorata.services.models import Service
from prorata.verify.command import main
from prorata.verify.promise import Asked, Finding, Promise
from prorata.verify.walk import PROMISES, walk
from support.attacks import Attack, attack, triggers_asleep
from support.corruption import found_after
from support.database import TestDatabase
from support.world import World

__all__ = ["attack"]


@pytest.fixture
def web(world: World) -> Service:
    """An upgrade by card that was applied: memory 4 to 8 for 5,596."""
    web = world.web_01("2026-08-15T14:02+09:00")
    world.pay(world.change(web, memory=8))
    world.work()
    return web


def corrupt(attack: Attack, statement: str) -> None:
    with attack("eraser") as sql, triggers_asleep(sql):
        sql.execute(statement)  # type: ignore[arg-type]
        sql.commit()


def test_books_that_hold(world: World, web: Service, capsys: pytest.CaptureFixture[str]) -> None:
    world.recognise()
    assert main([]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert said[0].startswith(f"{len(PROMISES)} promises, ")
    assert said[0].endswith(" s: everything holds")


def test_one_line_names_the_row_and_the_one_it_disagrees_with(
    web: Service, attack: Attack, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = Entry.objects.get(account__code="revenue/deferred/JPY")
    corrupt(attack, f"UPDATE ledger_entry SET amount_minor = -5087 WHERE id = {entry.pk}")

    assert main(["--all"]) == 1

    said = capsys.readouterr().out.splitlines()
    assert "trial-balance: ledger_entry in JPY (JPY): the entries sum to 1, not to zero" in said
    assert (
        f"transfers-move-what-was-caused: ledger_entry {entry.pk} (revenue/deferred/JPY): moves -5087 in ledger_transfer "
        f"{entry.transfer_id}, invoices_invoice 1 says -5088" in said
    )
    assert said[-1].endswith("rows break a promise")
    corrupt(attack, f"UPDATE ledger_entry SET amount_minor = -5088 WHERE id = {entry.pk}")


def test_the_same_as_json(
    world: World, web: Service, attack: Attack, capsys: pytest.CaptureFixture[str]
) -> None:
    world.recognise()
    corrupt(attack, "UPDATE services_service SET carry = 0.25")

    assert main(["--json"]) == 1

    said = json.loads(capsys.readouterr().out)
    assert (said["holds"], said["promises"]) == (False, len(PROMISES))
    assert said["rows"] > 20
    assert said["findings"] == [
        {
            "promise": "ends-follow-quotes",
            "place": f"services_service {web.pk}",
            "reference": "web-01",
            "what": "carries 0.25000000, its last change, changes_change 1, left 0E-8",
            "says": "What a finished change left, layers, credit note and carry, follows from its quote.",
        }
    ]
    corrupt(attack, "UPDATE services_service SET carry = 0")


def test_a_sample_is_drawn_by_its_seed(
    world: World, web: Service, attack: Attack, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two quotes, one of them forged: a sample of one finds it with some seeds, all of them with --all."""
    world.recognise()
    with attack("eraser") as sql, triggers_asleep(sql):
        sql.execute(
            "INSERT INTO changes_quote SELECT (jsonb_populate_record(q, %s::jsonb)).* FROM changes_quote q",
            [json.dumps({"id": 12, "reference": "Q-12"})],
        )
        sql.commit()
    corrupt(attack, "UPDATE changes_quote SET inputs = jsonb_set(inputs, '{carry}', '\"0.4\"') WHERE id = 12")
    assert main(["--all"]) == 1
    assert "changes_quote 12 (Q-12): carry 0" in capsys.readouterr().out
    assert {main(["--sample", "1", "--seed", str(seed)]) for seed in range(12)} == {0, 1}
    assert main(["--sample", "0"]) == 0
    corrupt(attack, "DELETE FROM changes_quote WHERE id = 12")


def test_an_invoice_that_is_paid_has_its_number(web: Service, database: TestDatabase) -> None:
    """PostgreSQL refuses the row; where somebody removed that CHECK, verify still says it."""
    found = found_after(
        database,
        "ALTER TABLE invoices_invoice DROP CONSTRAINT invoice_status_matches_facts;"
        "UPDATE invoices_invoice SET number = NULL",
    )
    assert [one.place for one in found if one.promise == "invoice-status"] == ["invoices_invoice 1"]


def test_more_is_given_back_than_was_paid(world: World, web: Service, database: TestDatabase) -> None:
    """34,188 and 5,596 were paid: one unit more than both is a finding, five less is none (opening layers are cut)."""
    world.change(web, backups=4)
    world.work()
    for gross, named in ((34_188 + 5_596 - 5, []), (34_188 + 5_596 + 1, [f"services_service {web.pk}"])):
        found = found_after(
            database,
            f"UPDATE invoices_creditnote SET gross_minor = {gross}, net_minor = {gross} - tax_minor, cash_minor = {gross}",
        )
        assert [one.place for one in found if one.promise == "not-more-than-paid"] == named


def test_it_can_write_nothing(web: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a promise does in its look, PostgreSQL refuses it."""
    wicked = Promise(
        "wicked", "Nothing is written.", "UPDATE services_service SET carry = 1 RETURNING 'a', 'b', 'c'"
    )
    with monkeypatch.context() as patched:
        patched.setattr("prorata.verify.walk.PROMISES", (wicked,))
        with pytest.raises(InternalError, match="read-only transaction"):
            walk(Asked(now=clock.now()))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("off",), "the next transaction is an ordinary one"


def test_a_gift_that_ended_a_day_ago_and_was_not_ended(world: World, web: Service) -> None:
    """The sweep did not come: that is told of an installation, though a story may stop there."""
    world.gift(700, until="2026-08-20T00:00+09:00")
    world.at("2026-08-21T00:00+09:00")
    world.recognise()
    assert walk(Asked(now=clock.now())).holds
    world.at("2026-08-21T00:00:01+09:00")
    (found,) = walk(Asked(now=clock.now())).findings
    assert (found.promise, found.place) == ("gifts-end", "credit_purse 1")


def named(found: list[Finding], promise: str) -> list[str]:
    return [one.place for one in found if one.promise == promise]


def test_a_service_that_was_adopted_ends_when_its_customer_paid_until(
    world: World, web: Service, database: TestDatabase
) -> None:
    """2026-11-26: neither its row nor anything else is sealed that says until when it is paid."""
    until = web.term_ends_at
    for span, places in (("10 months", [f"services_service {web.pk}"]), ("0 days", [])):
        found = found_after(
            database, f"UPDATE services_service SET term_ends_at = '{until}'::timestamptz + interval '{span}'"
        )
        assert named(found, "adopted-terms-are-their-layers") == places
    # From its first renewal on, its terms say it.
    world.pay(world.renew(web, 1))
    world.work()
    found = found_after(
        database, "UPDATE services_service SET term_ends_at = term_ends_at + interval '1 year'"
    )
    assert named(found, "terms-follow-each-other") == [f"services_service {web.pk}"]


def test_a_gift_ends_when_it_was_said_to(world: World, web: Service, database: TestDatabase) -> None:
    """2026-11-26: one that was granted, one that came back, and one that was prolonged."""
    world.gift(12_000, until="2026-08-20T00:00+09:00")
    world.change(world.reread(web), memory=16)
    world.work()
    world.change(world.reread(web), memory=8)
    world.work()
    world.gift(100, until="2026-08-15T15:00+09:00")
    change = world.change(world.reread(web), disk=640)
    world.wait(minutes=59)
    cancel(world.owner, change.reference)
    granted, back, short, prolonged = Purse.objects.filter(kind="gifted").order_by("id")
    assert (prolonged.prolonged_from, prolonged.balance_minor) == (short.expires_at, 100)
    for purse in (granted, back, short, prolonged):
        found = found_after(
            database,
            "UPDATE credit_purse SET expires_at = expires_at + interval '100 days' WHERE id = %s",
            [purse.pk],
        )
        assert f"credit_purse {purse.pk}" in named(found, "gifts-last-as-said"), purse


def test_a_voucher_is_worth_what_it_was(world: World, web: Service, database: TestDatabase) -> None:
    """2026-11-26: its row is not sealed; the quotes that worked with it are."""
    fixed = world.voucher(components=["memory"])
    part = world.voucher("PART", off=Decimal("0.25"), at_most_minor=500, currency="JPY")
    for voucher in (fixed, part):
        world.quote(world.reread(web), memory=12, voucher=voucher.code)
    for voucher, term in (
        (fixed, "amount_minor = 100000"), (fixed, "minimum_spend_minor = 1"), (fixed, "components = '[]'"),
        (part, "off = 1"), (part, "at_most_minor = 50000"),
    ):  # fmt: skip
        found = found_after(database, f"UPDATE credit_voucher SET {term} WHERE id = {voucher.pk}")
        assert named(found, "vouchers-are-as-quoted") == [f"credit_voucher {voucher.pk}"], term


def test_what_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--promises"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(PROMISES)
    assert said[0] == "trial-balance                   The entries of each currency sum to zero."


def test_no_two_promises_have_one_key() -> None:
    assert len({promise.key for promise in PROMISES}) == len(PROMISES)


def test_a_number_of_quotes_below_zero(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--sample", "-1"])
    assert left.value.code == 2
    assert "0 or more" in capsys.readouterr().err
