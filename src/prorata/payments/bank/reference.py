"""The reference a customer writes on a transfer: an ISO 11649 creditor reference, short, and found again in noisy text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

from prorata.readable_code import ALPHABET, readable_code

# RF, two check digits, and this many letters and digits of our own: enough that nobody guesses one.
OWN = 8
LENGTH = 4 + OWN
SHAPE = re.compile(rf"(?=(RF\d\d[{ALPHABET}]{{{OWN}}}))")
# So many letters may be wrong, swapped, missing or too many in what is still shown to staff as a near miss.
NEAR = 2


def new_reference() -> str:
    """A fresh reference such as RF407F3K2MX9; its check digits catch a letter taken for a letter, a digit for a digit, two
    of one kind swapped, and all but one in 97 of the other mistakes."""
    return with_check_digits(readable_code(OWN // 4).replace("-", ""))


def with_check_digits(own: str) -> str:
    """The whole reference around what is ours in it."""
    return f"RF{mod_97_10.calc_check_digits(own + 'RF')}{own}"


def shown(reference: str) -> str:
    """In groups of four, as banks print it: RF40 7F3K 2MX9."""
    return str(iso11649.format(reference))


def squeezed(text: str) -> str:
    """Capital letters and digits alone, full width and half width the same: what is left when a bank has had its way."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(one for one in folded if one.isascii() and one.isalnum())


def found_in(text: str) -> list[str]:
    """The references that stand in a text, each once, in order: with spaces or not, lower case, inside other words."""
    seen = dict.fromkeys(match[1] for match in SHAPE.finditer(squeezed(text)))
    return [one for one in seen if iso11649.is_valid(one)]


def nearest(text: str, references: Iterable[str]) -> list[tuple[int, str]]:
    """(mistakes, reference) of the references that the text may have meant, best first; none with more than NEAR."""
    plain = squeezed(text)[:500]
    near = [(distance, one) for one in references if (distance := _mistakes(one, plain)) <= NEAR]
    return sorted(near)


def _mistakes(reference: str, text: str) -> int:
    """The fewest letters to change, add, leave out or swap so that `reference` stands somewhere in `text`."""
    before: list[int] = []
    row = [0] * (len(text) + 1)  # it may begin anywhere
    for i, letter in enumerate(reference, start=1):
        older, before, row = before, row, [i]
        for j, other in enumerate(text, start=1):
            best = min(before[j - 1] + (letter != other), before[j] + 1, row[j - 1] + 1)
            if i > 1 and j > 1 and letter == text[j - 2] and reference[i - 2] == other:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return min(row)
