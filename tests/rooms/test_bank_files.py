"""What banks give, read: CAMT.053 in its versions, CSV by named columns, and files that must not be believed."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorata.payments.bank.files.camt import read_camt
from prorata.payments.bank.files.csv_columns import ENCODINGS, Columns, column_names, read_csv
from prorata.payments.bank.files.parsed import LARGEST_FILE, BadStatement, ParsedLine
from prorata.payments.bank.files.read import form_of, read
from prorata.pricing.money import minor_digits
from support.bank import IBAN, SENDER, Entry, camt


def lines(content: bytes) -> list[ParsedLine]:
    return [line for one in read_camt(content) for line in one.lines]


def amounts(content: bytes) -> list[tuple[int, str, str]]:
    return [(line.amount_minor, line.text, line.name) for line in lines(content)]


# --- CAMT.053 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
def test_a_statement_of_every_version(version: str) -> None:
    content = camt(
        Entry(amount=12_345, text="RF18 5390 0754 7034", id="A1"), Entry(amount=-250, text="fee", name="Bank"),
        currency="EUR", version=version, opening=100_000,
    )  # fmt: skip
    (statement,) = read_camt(content)
    assert (statement.account, statement.currency, statement.bank_ref) == (IBAN, "EUR", "2026-161")
    assert (statement.opening_minor, statement.closing_minor, statement.left_out) == (100_000, 112_095, 0)
    came, went = statement.lines
    assert came == ParsedLine(
        booked_on=date(2026, 8, 17), amount_minor=12_345, currency="EUR", text="RF18 5390 0754 7034", name="Tanaka Design",
        other_account=SENDER, bank_id="A1", bank_code="PMNT RCDT ESCT", key=came.key,
    )  # fmt: skip
    assert (went.amount_minor, went.text, went.name) == (-250, "fee", "Bank")


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_batch_is_its_payments_where_they_add_up(version: str) -> None:
    parts = [(5_000, "first", "Tanaka"), (596, "second", "Suzuki")]
    content = camt(Entry(amount=5_596, parts=parts, id="B7"), version=version)
    assert amounts(content) == parts
    assert len({line.key for line in lines(content)}) == 2


def test_a_batch_that_does_not_add_up_is_one_line_with_all_its_words() -> None:
    content = camt(Entry(amount=5_500, parts=[(5_000, "first", "A"), (596, "second", "B")]))
    assert amounts(content) == [(5_500, "first\nsecond", "")]
    assert [line.several for line in lines(content)] == [True]


@pytest.mark.parametrize(("count", "several"), [("1", False), ("3", True)])
def test_a_sum_whose_payments_are_only_counted_is_a_sum(count: str, several: bool) -> None:
    """2026-11-26: the bank names the first of three payments, and how many there are."""
    content = camt(Entry(amount=5_500, text="RF407F3K2MX9"))
    counted = b"<NtryDtls><Btch><NbOfTxs>%s</NbOfTxs></Btch>" % count.encode()
    assert [line.several for line in lines(content.replace(b"<NtryDtls>", counted))] == [several]


def test_a_structured_reference_is_part_of_the_words() -> None:
    assert (
        amounts(camt(Entry(amount=1, text="RF18539007547034", structured=True)))[0][1] == "RF18539007547034"
    )


def test_what_is_not_booked_is_left_out_and_counted() -> None:
    content = camt(Entry(amount=500, text="a"), Entry(amount=700, text="b", status="PDNG"))
    (statement,) = read_camt(content)
    assert ([line.amount_minor for line in statement.lines], statement.left_out) == ([500], 1)


def test_a_reversal_moves_as_it_says_and_is_marked() -> None:
    """ISO 20022: of a reversal too, credit or debit says how this entry moves the account."""
    (line,) = lines(camt(Entry(amount=-500, text="taken back", reversal=True)))
    assert (line.amount_minor, line.is_reversal) == (-500, True)


def test_equal_entries_get_different_keys_and_the_same_ones_in_the_next_file() -> None:
    once, twice = Entry(amount=500, text="rent"), [Entry(amount=500, text="rent")] * 2
    first, second = (line.key for line in lines(camt(*twice)))
    assert first != second
    assert [line.key for line in lines(camt(once, ref="other", opening=7))] == [first]
    assert lines(camt(Entry(amount=501, text="rent")))[0].key not in (first, second)


def test_a_banks_id_that_repeats_is_still_two_movements() -> None:
    content = camt(
        Entry(amount=500, text="a", id="X"), Entry(amount=500, text="b", id="X"), Entry(amount=501, id="X")
    )
    assert len({line.key for line in lines(content)}) == 3


def test_a_banks_id_names_a_line_whose_words_the_next_file_shortens() -> None:
    long, short = (
        lines(camt(Entry(amount=500, text=text, id="X")))[0] for text in ("rent of August", "rent")
    )
    assert long.key == short.key


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (camt(Entry(amount=500), closing=1), "does not add up: 100,000 JPY at the beginning and 500 JPY of entries"),
        (camt(Entry(amount=500, currency="USD"), opening=None), "is in USD, the account in JPY"),
        (camt(Entry(amount=500)).replace(b"500<", b"5.5<"), "cannot be counted"),
        (camt(Entry(amount=500)).replace(b">500<", b">-500<"), "is not an amount of money"),
        (camt(Entry(amount=500)).replace(b">500<", b">5e2<"), "is not an amount of money"),
        (camt(Entry(amount=500)).replace(b"2026-08-17", b"yesterday"), "no day on which it was booked"),
        (camt(Entry(amount=500)).replace(b"camt.053", b"camt.052"), "a report during the day"),
        (camt(Entry(amount=500)).replace(IBAN.encode(), b""), "does not say of which account"),
        (camt(Entry(amount=500))[:-9], "no well-formed XML"),
        (b"<Document><Other/></Document>", "no bank statement"),
        (b"<a/>", "no bank statement"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_says_one_thing(content: bytes, said: str) -> None:
    with pytest.raises(BadStatement, match=re.escape(said)):
        read_camt(content)


def test_nothing_is_fetched_and_nothing_expands() -> None:
    plain = camt(Entry(amount=500, text="&x;"))
    for trick in (
        b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/evil.dtd">',
    ):
        content = plain.replace(b"&amp;", b"&").replace(b"?>\n", b"?>" + trick, 1)
        with pytest.raises(BadStatement, match="document type or entities"):
            read_camt(content)


def test_too_large_and_too_deep() -> None:
    with pytest.raises(BadStatement, match="larger than 8 MB"):
        form_of(b"<" * (LARGEST_FILE + 1))
    with pytest.raises(BadStatement):
        read_camt(b"<a>" * 400_000)
    with pytest.raises(BadStatement, match="empty"):
        form_of(b"\xef\xbb\xbf  \n")


# --- CSV ------------------------------------------------------------------------------------------------------

GERMAN = Columns(
    date="Buchungstag", amount="Betrag", currency="Währung", text=("Verwendungszweck", "Referenz"), name="Name",
    other_account="IBAN", date_format="%d.%m.%Y", decimal=",", delimiter=";", encoding="cp1252",
)  # fmt: skip
GERMAN_FILE = (
    'Umsätze;Konto DE89\n\nBuchungstag;Name;IBAN;Verwendungszweck;Referenz;Betrag;Währung\n'
    '17.08.2026;Tanaka Design;NL91 ABNA 0417 1643 00;"Rechnung; 7";RF18539007547034;1.234,56;EUR\n'
    "17.08.2026;Bank;;Gebühr;;-2,5;EUR\n\nSumme;;;;;;\n"
).encode("cp1252")  # fmt: skip


def test_a_german_file() -> None:
    (statement,) = read_csv(GERMAN_FILE, GERMAN, "EUR")
    first, second = statement.lines
    assert (first.booked_on, first.amount_minor, first.name) == (date(2026, 8, 17), 123_456, "Tanaka Design")
    assert (first.text, first.other_account) == ("Rechnung; 7\nRF18539007547034", SENDER)
    assert (second.amount_minor, second.text) == (-250, "Gebühr")
    assert "Verwendungszweck" in column_names(GERMAN_FILE, "cp1252", ";")


def test_a_japanese_file_with_two_columns_of_money() -> None:
    columns = Columns(
        date="日付",
        credit="お預り金額",
        debit="お支払金額",
        text=("摘要",),
        date_format="%Y/%m/%d",
        encoding="cp932",
    )
    content = (
        '日付,お支払金額,お預り金額,摘要\r\n2026/08/17,,"5,596",タナカ デザイン\r\n2026/08/18,220,,手数料\r\n'
    )
    (statement,) = read_csv(content.encode("cp932"), columns, "JPY")
    assert [(one.amount_minor, one.text) for one in statement.lines] == [
        (5_596, "タナカ デザイン"),
        (-220, "手数料"),
    ]


@pytest.mark.parametrize(
    ("text", "decimal", "minor"),
    [("1'234.50", ".", 123_450), ("12.00-", ".", -1_200), ("+3", ".", 300), ("\u22127,10", ",", -710),
     ("1 234,5", ",", 123_450), ("EUR 5.00", ".", 500), ("1,234,567.8", ".", 123_456_780)],
)  # fmt: skip
def test_ways_to_write_an_amount(text: str, decimal: str, minor: int) -> None:
    columns = Columns(date="d", amount="a", decimal=decimal, delimiter=";")
    (statement,) = read_csv(f"d;a\n2026-08-17;{text}\n".encode(), columns, "EUR")
    assert statement.lines[0].amount_minor == minor


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-08-17;1,50;EUR", "Row 2: '1,50' is not an amount with the decimal sign '.'"),
        ("2026-08-17;1.505;EUR", "cannot be counted"),
        ("17.08.2026;1;EUR", "'17.08.2026' is not a day like 2026-08-31"),
        ("2026-08-17;1;USD", "is in USD, the account in EUR"),
        (";;", "no movement of money"),
    ],
)
def test_a_row_that_is_wrong_says_which(row: str, said: str) -> None:
    columns = Columns(date="d", amount="a", currency="c", delimiter=";")
    with pytest.raises(BadStatement, match=re.escape(said)):
        read_csv(f"d;a;c\n{row}\n".encode(), columns, "EUR")


def test_a_column_that_is_missing_or_there_twice_is_named() -> None:
    with pytest.raises(BadStatement, match="'b' is missing"):
        read_csv(b"d,a\n2026-08-17,1\n", Columns(date="d", amount="b"), "EUR")
    with pytest.raises(BadStatement, match="Two columns are called 'a'"):
        read_csv(b"d,a,a\n2026-08-17,1,2\n", Columns(date="d", amount="a"), "EUR")


# --- anything at all ------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=30)
MOVES = st.lists(
    st.tuples(
        st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(-(10**12), 10**12).filter(bool), WORDS, WORDS
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(
    MOVES, st.sampled_from(["EUR", "JPY", "KWD"]), st.sampled_from([",", "."]), st.sampled_from([";", "\t", "|"]),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"]),
)  # fmt: skip
def test_what_is_written_as_csv_is_read_back(
    moves: list[Any], currency: str, decimal: str, delimiter: str, form: str
) -> None:
    held, digits = io.StringIO(newline=""), minor_digits(currency)
    writer = csv.writer(held, delimiter=delimiter)
    writer.writerow(["day", "much", "words", "who"])
    for day, minor, words, who in moves:
        writer.writerow(
            [day.strftime(form), f"{Decimal(f'{minor}E-{digits}'):f}".replace(".", decimal), words, who]
        )
    columns = Columns(
        date="day",
        amount="much",
        text=("words",),
        name="who",
        decimal=decimal,
        delimiter=delimiter,
        date_format=form,
    )
    (statement,) = read_csv(held.getvalue().encode(), columns, currency)
    assert [(one.booked_on, one.amount_minor, one.text, one.name) for one in statement.lines] == [
        (day, minor, " ".join(words.split()), who.strip()) for day, minor, words, who in moves
    ]
    assert len({one.key for one in statement.lines}) == len(moves)


@given(st.binary(max_size=400), st.sampled_from(sorted(ENCODINGS)), st.sampled_from([",", ";"]))
def test_random_bytes_are_refused_in_one_sentence(content: bytes, encoding: str, delimiter: str) -> None:
    columns = Columns(date="a", amount="b", encoding=encoding, delimiter=delimiter)
    for form in ("camt", "csv"):
        with pytest.raises(BadStatement) as refused:
            read(content, form, columns, "EUR")  # type: ignore[arg-type]
        said = str(refused.value)
        assert said.endswith(".")
        assert "\n" not in said


@given(st.data())
def test_a_statement_with_random_damage_is_read_or_refused(data: st.DataObject) -> None:
    """Bytes changed, left out or doubled in a good file: never anything but lines or one sentence."""
    content = bytearray(
        camt(Entry(amount=500, text="a"), Entry(amount=-20, parts=[(-12, "b", "c"), (-8, "d", "e")]))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=12))
    try:
        for statement in read_camt(bytes(content)):
            assert all(isinstance(line.amount_minor, int) for line in statement.lines)
    except BadStatement as refused:
        assert str(refused).endswith(".")  # noqa: PT017 (either way is right)


@given(
    st.lists(
        st.lists(st.sampled_from(["d", "a", "", "2026-08-17", "5", "5,0", '"', "x\0"]), max_size=4),
        max_size=6,
    )
)
def test_random_rows_are_read_or_refused(rows: list[list[str]]) -> None:
    content = "\n".join(",".join(row) for row in rows).encode()
    try:
        read_csv(content, Columns(date="d", amount="a"), "EUR")
    except BadStatement as refused:
        assert str(refused).endswith(".")  # noqa: PT017
