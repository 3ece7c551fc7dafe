"""The currencies this processor takes, and how an amount looks on its page."""

from __future__ import annotations

from prorata.sandbox.problem import Problem

NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
TWO_DIGITS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW
"""

DIGITS = {
    **dict.fromkeys(NO_DIGITS.split(), 0),
    **dict.fromkeys(TWO_DIGITS.split(), 2),
    **dict.fromkeys(THREE_DIGITS.split(), 3),
}


def known(code: str) -> str:
    """The code itself, or a refusal."""
    if code not in DIGITS:
        raise Problem(422, "currency_unknown", f"{code[:20]!r} is no currency of this processor")
    return code


def shown(amount_minor: int, code: str) -> str:
    """`JPY 14,924`, `USD 432.48`, `KWD 1.250`."""
    digits = DIGITS[code]
    whole, rest = divmod(amount_minor, 10**digits)
    return f"{code} {whole:,}" + (f".{rest:0{digits}d}" if digits else "")
