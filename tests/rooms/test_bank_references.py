"""The reference on a transfer: short, checked, and found in what banks make of a text."""

from __future__ import annotations

import string

from hypothesis import assume, example, given
from hypothesis import strategies as st
from stdnum import iso11649

from prorata.payments.bank.reference import (
    LENGTH,
    OWN,
    found_in,
    nearest,
    new_reference,
    shown,
    squeezed,
    with_check_digits,
)
from prorata.readable_code import ALPHABET

# Drawn, not made by `new_reference`: what is made by chance is another one on every run. One in two thousand has a second
# beginning within itself, which is no reference but by another chance of one in 97.
REFERENCES = (
    st.text(ALPHABET, min_size=OWN, max_size=OWN).filter(lambda own: "RF" not in own).map(with_check_digits)
)
NOISE = st.text(st.sampled_from("abcxyz ÄäßÉ,;:/-+?.()\n'0123456789 "), max_size=40)
GAP = st.sampled_from(["", " ", "  ", "\n", "-", ".", "/"])


def test_it_is_a_creditor_reference_in_groups_of_four() -> None:
    reference = new_reference()
    assert len(reference) == LENGTH == 12
    assert iso11649.is_valid(reference)
    assert shown(reference) == f"{reference[:4]} {reference[4:8]} {reference[8:]}"
    assert set(reference[4:]) <= set(ALPHABET)


@given(REFERENCES, NOISE, NOISE, GAP, st.booleans())
def test_it_is_found_in_noise(reference: str, before: str, after: str, gap: str, small: bool) -> None:
    """With spaces, line ends or dashes in it, in lower case, inside other words."""
    # A noise that ends like a reference begins would make another one of it.
    assume("RF" not in squeezed(before) + squeezed(after))
    written = gap.join(shown(reference).split())
    text = before + (written.lower() if small else written) + after
    assert found_in(text) == [reference]


@given(REFERENCES, REFERENCES)
def test_two_are_both_found(one: str, other: str) -> None:
    assume(one != other)
    assert found_in(f"{shown(one)} {other} {one}") == [one, other]


def test_full_width_letters_are_letters() -> None:
    reference = new_reference()
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in reference)
    assert found_in(f"フリコミ {wide}") == [reference]


@given(REFERENCES, st.integers(2, LENGTH - 1), st.sampled_from(string.digits + ALPHABET))
def test_one_wrong_letter_is_never_another_reference(reference: str, at: int, letter: str) -> None:
    # The check digits see a digit taken for a digit and a letter for a letter; of the others one in 97 slips through.
    assume(letter != reference[at] and letter.isdigit() == reference[at].isdigit())
    wrong = reference[:at] + letter + reference[at + 1 :]
    assert found_in(wrong) == []
    assert nearest(f"paid {wrong} thanks", [reference]) == [(1, reference)]


@given(REFERENCES, st.integers(4, LENGTH - 2))
def test_two_letters_swapped_are_never_another_reference(reference: str, at: int) -> None:
    # B1 and 1B are the same number to the check digits, as are M2 and 2M.
    assume(reference[at] != reference[at + 1] and reference[at].isdigit() == reference[at + 1].isdigit())
    wrong = reference[:at] + reference[at + 1] + reference[at] + reference[at + 2 :]
    assert found_in(wrong) == []
    assert nearest(wrong, [reference]) == [(1, reference)]


@given(REFERENCES, st.integers(0, LENGTH - 1))
def test_a_letter_left_out_is_a_near_miss(reference: str, at: int) -> None:
    # Nothing beside it may stand for the letter that is gone, as a Y would for the last one of some.
    assert nearest(f"0 {reference[:at]}{reference[at + 1 :]} 0", [reference])[0] == (1, reference)


@given(st.text(max_size=200))
@example("RF")
@example("\x00RF18")
def test_any_text_is_looked_through(text: str) -> None:
    for one in found_in(text):
        assert iso11649.is_valid(one)
    assert nearest(text, []) == []


def test_what_is_far_is_no_proposal() -> None:
    assert nearest("thank you for the server", [new_reference() for _ in range(50)]) == []
