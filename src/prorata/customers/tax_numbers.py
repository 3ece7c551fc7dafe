"""Tax numbers of buyers and sellers, checked offline by the rule of their country and brought to one form.

A check says that a number can exist, not that a tax office has given it to this customer.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from stdnum import exceptions, get_cc_module
from stdnum.jp import cn

EU = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
        "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    )
)  # fmt: skip
# Country -> the module of stdnum that knows its number. What is not here is kept as it was typed.
ELSEWHERE = {
    "AU": "abn", "BR": "cnpj", "CA": "bn", "CH": "vat", "CN": "uscc", "GB": "vat", "IN": "gstin", "KR": "brn",
    "NO": "mva", "NZ": "ird", "TW": "ubn",
}  # fmt: skip
# Greece writes its VAT numbers with other letters than its country code.
PREFIX = {"GR": "EL"}
LETTERED = EU | {"GB"}


class WrongTaxNumber(ValueError):
    """One sentence that says what is wrong with a tax number."""


def normal_tax_number(typed: str, country: str) -> str:
    """`typed` in the form documents print, e.g. ("de 136,695 976", "DE") -> "DE136695976". Raises WrongTaxNumber.

    `country` is an ISO 3166 code. A number of a country that is not known here comes back without outer spaces only.
    """
    number = typed.strip()
    if not number:
        return ""
    try:
        if country == "JP":
            return _japanese(number)
        if country in EU or country in ELSEWHERE:
            return _checked(number, country)
    except exceptions.ValidationError as wrong:
        raise WrongTaxNumber(
            _("%(number)s is not a tax number of %(country)s: %(why)s Correct it, or leave it empty.")
            % {"number": number, "country": country, "why": _why(wrong)}
        ) from wrong
    return number


def _checked(number: str, country: str) -> str:
    module = get_cc_module(country.lower(), "vat" if country in EU else ELSEWHERE[country])
    assert module is not None, f"stdnum knows no tax number of {country}"
    plain = str(module.validate(number))
    letters = PREFIX.get(country, country) if country in LETTERED else ""
    return letters + plain.removeprefix(letters)


def _japanese(number: str) -> str:
    """A registration number (T and 13 digits), or a company's bare corporate number.

    The digits after a T have a check digit only where they are a corporate number; those of a sole proprietor follow no
    published rule, and nothing tells the two apart. So a T needs 13 digits, and a bare number must be right.
    """
    plain = re.sub(r"[\s\-\u2010-\u2015\u2212\uff0d]", "", number).upper()
    if plain.startswith("T"):
        if not re.fullmatch(r"T[0-9]+", plain):
            raise exceptions.InvalidFormat
        if len(plain) != 14:
            raise exceptions.InvalidLength
        return plain
    return str(cn.validate(plain))


def _why(wrong: exceptions.ValidationError) -> str:
    if isinstance(wrong, exceptions.InvalidLength):
        return _("it is too short or too long.")
    if isinstance(wrong, exceptions.InvalidChecksum):
        return _("a digit is mistyped.")
    return _("its letters and digits are not arranged like that.")
