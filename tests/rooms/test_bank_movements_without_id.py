"""Banks that give no id: no movement is lost and none comes twice, however the files are cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from prorata.payments.bank.files import camt as camt_files
from prorata.payments.bank.files.camt import read_camt
from prorata.payments.bank.files.parsed import ParsedLine
from prorata.payments.bank.models import BankAccount, StatementLine
from prorata.payments.bank.take_in import keep, preview, take_in
from support.bank import ACTOR, Entry, bank_account, camt, statement
from support.world import World

# Four movements of one day, the last three of them equal, and one of the next.
DAY = [
    Entry(amount=n, text=text) for n, text in ((700, "first"), (500, "rent"), (500, "rent"), (500, "rent"))
]
NEXT = Entry(amount=900, text="later", on="2026-08-18")
OPENING = 100_000
PIECES = {
    "morning": (DAY[:2], 0), "afternoon": (DAY[2:], 1_200), "evening": ([DAY[3]], 1_700), "day": (DAY, 0),
    "both days": ([*DAY, NEXT], 0),
}  # fmt: skip


@pytest.fixture
def account(world: World) -> BankAccount:
    world.open("2026-08-15T14:02+09:00")
    return bank_account(world.seller)


def file(entries: Sequence[Entry], before: int | None, ref: str) -> bytes:
    return camt(*entries, opening=None if before is None else OPENING + before, ref=ref)


def amounts() -> list[int]:
    return sorted(StatementLine.objects.values_list("amount_minor", flat=True))


def the_line(content: bytes) -> ParsedLine:
    return read_camt(content)[0].lines[0]


@pytest.mark.parametrize(
    "none", ["NONREF", "NOTPROVIDED", "NOTAVAILABLE", "not provided", "N/A", "0000000000", "---"]
)
def test_what_stands_where_there_is_no_id_is_none(world: World, account: BankAccount, none: str) -> None:
    """2026-11-27: of two customers who paid the same amount on one day, in two files, the second was taken for the first."""
    assert statement(Entry(amount=500, text="rent", name="Tanaka", id=none)).new == 1
    other = Entry(amount=500, text="rent", name="Sato", id=none)
    assert statement(other, opening=100_500, ref="b").new == 1
    assert statement(other, opening=100_500, ref="c").new == 0


def test_an_id_with_a_placeholder_beside_it_stays_what_it_was() -> None:
    real = the_line(camt(Entry(amount=500, id="2026081700012")))
    assert (real.bank_id, real.no_id) == ("2026081700012", "")
    nothing = the_line(camt(Entry(amount=500)))
    assert (nothing.bank_id, nothing.no_id, nothing.old_group) == ("", "", "")


@pytest.mark.parametrize("order", [*permutations(["morning", "afternoon"]), ("day", "afternoon", "morning")])
def test_files_that_follow_one_another_and_files_that_overlap(
    world: World, account: BankAccount, order: tuple[str, ...]
) -> None:
    """The rent of the morning and those of the afternoon are three, whichever file comes first, and however often."""
    for n, piece in enumerate([*order, *order]):
        take_in(keep(file(*PIECES[piece], ref=f"{piece} {n}"), "f", None, ACTOR), actor=ACTOR)
    assert amounts() == [500, 500, 500, 700]
    assert len(set(StatementLine.objects.values_list("key", flat=True))) == 4


def test_a_file_within_another_adds_nothing(world: World, account: BankAccount) -> None:
    for n, piece in enumerate(["both days", "evening", "afternoon", "morning", "day"]):
        given = keep(file(*PIECES[piece], ref=f"{piece} {n}"), "f", None, ACTOR)
        assert [one.known for one in preview(given)] == [n > 0] * len(PIECES[piece][0])
        assert take_in(given, actor=ACTOR).new == (5 if n == 0 else 0)


def test_a_movement_booked_late_for_the_day_before_is_another_one(world: World, account: BankAccount) -> None:
    rent = Entry(amount=500, text="rent")
    assert statement(rent).new == 1
    late = statement(NEXT, rent, opening=100_500, ref="next day")
    assert (late.new, late.known) == (2, 0)
    assert statement(rent, rent, NEXT, ref="both").new == 0


def test_without_balances_what_looks_the_same_is_the_same(world: World, account: BankAccount) -> None:
    rent = Entry(amount=500, text="rent")
    assert statement(rent, opening=None, ref="a").new == 1
    assert statement(rent, opening=None, ref="b").new == 0
    assert statement(rent, rent, opening=None, ref="c").new == 1


def test_what_came_while_the_placeholder_was_taken_for_an_id_does_not_come_again(
    world: World, account: BankAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is the one that version gave it."""
    tanaka = Entry(amount=500, text="rent", name="Tanaka", id="NONREF")
    with monkeypatch.context() as the_older_version:
        the_older_version.setattr(camt_files, "_is_no_id", lambda text: False)
        assert statement(tanaka).new == 1
    assert StatementLine.objects.get().key == f"{the_line(camt(tanaka)).old_group}:1"
    sato = Entry(amount=500, text="rent", name="Sato", id="NONREF")
    again = statement(tanaka, sato, ref="again")
    assert (again.new, again.known) == (1, 1)
    assert statement(tanaka, tanaka, sato, ref="third").new == 1
    assert statement(tanaka, tanaka, sato, ref="fourth").new == 0
