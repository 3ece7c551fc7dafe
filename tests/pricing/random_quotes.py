"""Random inputs of `prorata quote` as JSON text, most of them good, drawn through `random.Random` so that hypothesis can
shrink them and a long run can do without it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from pricing.quote_oracle import DIGITS, RULES

ZONES = (
    "UTC",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # its clocks went back over midnight
    "America/Sao_Paulo",  # and here they went forward over it
    "Pacific/Apia",  # had no 30 December 2011
    "Australia/Lord_Howe",  # moves its clocks by half an hour
    "Africa/Monrovia",  # 44 minutes and 30 seconds behind until 1972
)
# Near the moments at which one of those moves its clocks, and the ends of the calendar.
TURNS = (
    "2025-03-09T02:30",
    "2025-11-02T01:30",
    "2025-03-30T02:30",
    "2025-10-26T02:30",
    "2010-11-07T00:00",
    "2017-10-15T00:00",
    "2011-12-30T12:00",
    "2025-10-05T02:15",
    "1972-01-07T00:10",
    "0001-01-01T12:00",
    "9999-12-31T12:00",
)


class Pairs(NamedTuple):
    """A JSON object whose keys may stand twice."""

    pairs: list[tuple[str, Any]]


class Bare(str):
    """Text that stands in the JSON as it is."""

    __slots__ = ()


def quote_text(rng: Random) -> str:
    """The text of one input; about one in four has a mistake in it."""
    asked = _quote(rng)
    text = _json(asked)
    if rng.random() < 0.25:
        place = rng.choice(_objects(asked))
        text = _json(rng.choice(SPOILERS)(rng, asked, place))
    return text


def _quote(rng: Random) -> Pairs:
    starts_at, at, ends_at = _times(rng)
    currency = rng.choice(sorted(DIGITS))
    pairs: list[tuple[str, Any]] = [("at", at), ("ends_at", ends_at), ("zone", rng.choice(ZONES))]
    pairs += [
        ("currency", currency),
        ("lines", [_line(rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 5)))]),
    ]
    rule = rng.choice(RULES)
    if rule != RULES[0] or rng.random() < 0.5:
        pairs.append(("rule", rule))
    if rule.startswith("period-") or rng.random() < 0.2:
        pairs.append(("starts_at", starts_at))
    if rng.random() < 0.4:
        pairs.append(("credit", rng.choice(("capped", "symmetric", "none"))))
    if rng.random() < 0.4:
        pairs.append(("carry", _carry(rng, DIGITS[currency])))
    rng.shuffle(pairs)
    return Pairs(pairs)


def _times(rng: Random) -> tuple[str, str, str]:
    """Start of the paid period, change and end; mostly in that order."""
    if rng.random() < 0.3:
        at = datetime.fromisoformat(rng.choice(TURNS))
    else:
        at = datetime(2024, 1, 1) + timedelta(minutes=rng.randint(0, 6 * 525_600))
    at = _moved(at, timedelta(seconds=rng.choice((0, 0, 1, 60, 1800, 86_400)) * rng.randint(-3, 3)))
    day = 86_400
    ahead = rng.choice((0, 1, 3600, day, 31 * day, 366 * day, 366 * day, 2_000 * day))
    if rng.random() < 0.01:
        ahead = 3_600_000 * day
    behind = rng.choice((1, day, 31 * day, 366 * day, 800 * day, -31 * day))
    offset = rng.choice(("", "", "Z", "+08:00", "-03:30", "+14:00", "-23:59"))
    moments = (
        _moved(at, timedelta(seconds=-behind)),
        at,
        _moved(at, timedelta(seconds=rng.randint(0, ahead))),
    )
    return tuple(  # type: ignore[return-value]
        _time(rng, moment, offset if rng.random() < 0.9 else "+01:00") for moment in moments
    )


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return datetime.max if by > timedelta(0) else datetime.min


def _time(rng: Random, moment: datetime, offset: str) -> str:
    if rng.random() < 0.15:
        return str(moment.date())
    text = moment.strftime("%H:%M")
    dice = rng.random()
    if dice < 0.7:
        text = f"{moment:%H:%M:%S}"
    if dice < 0.2:
        text += "." + "".join(rng.choice("0019") for _ in range(rng.randint(1, 12)))
    return f"{moment.date()}{rng.choice('T ')}{text}{offset}"


def _line(rng: Random) -> Pairs:
    pairs: list[tuple[str, Any]] = [("name", rng.choice(("cpu", "memory", "", "NVMe 1 {0}", "メモリ")))]
    pairs += [("old", _price(rng)), ("new", _price(rng))]
    for key, often in (("discounts", 0.6), ("old_discounts", 0.15), ("new_discounts", 0.15)):
        if rng.random() < often:
            pairs.append((key, None if rng.random() < 0.1 else _tiers(rng)))
    if rng.random() < 0.4:
        pairs.append(("layers", [_layer(rng) for _ in range(rng.randint(0, 3))]))
    rng.shuffle(pairs)
    return Pairs(pairs)


def _tiers(rng: Random) -> list[Pairs]:
    months = rng.sample((0, 1, 2, 3, 6, 12, 24, 999), rng.randint(0, 4))
    return [Pairs([("months", _number(rng, str(month))), ("off", _part(rng))]) for month in months]


def _layer(rng: Random) -> Pairs:
    starts = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=rng.randint(0, 2500))
    ends = starts + timedelta(days=rng.choice((1, 2, 30, 91, 365, 2000)))
    pairs = [("amount", _price(rng)), ("from", str(starts.date())), ("to", str(ends.date()))]
    if rng.random() < 0.5:
        pairs.append(("share", _part(rng)))
    return Pairs(pairs)


def _price(rng: Random) -> str:
    text = str(rng.choice((0, 1, 10, 65, 218, 999, 10**6, 10**25, rng.randint(0, 5000))))
    digits = rng.choice((0, 0, 1, 2, 3, 8, 9, 30))
    return _number(
        rng, text + ("." + "".join(rng.choice("0123459") for _ in range(digits)) if digits else "")
    )


def _part(rng: Random) -> str:
    return _number(rng, rng.choice(("0", "1", "1.0", "0.2", "0.30", "0.125", "0.333", "0.0000001", "0.99")))


def _carry(rng: Random, digits: int) -> str:
    half = 5 * 10 ** (7 - digits)
    units = rng.choice((half, -half, 0, rng.randint(-half, half)))
    sign = "-" if units < 0 or rng.random() < 0.05 else ""
    return _number(rng, f"{sign}0.{abs(units):08}")


def _number(rng: Random, text: str) -> str:
    """As a string, or as a JSON number, which has no needless zeros in front."""
    return Bare(text) if rng.random() < 0.3 else text


# --- mistakes

Spoiler = Callable[[Random, Pairs, Pairs], Any]


def _some_value(rng: Random, asked: Pairs, place: Pairs) -> Pairs:
    """One value becomes another, wrong in most places and right in some."""
    position = rng.randrange(len(place.pairs))
    place.pairs[position] = (place.pairs[position][0], rng.choice(OTHER_VALUES))
    return asked


def _key_gone(rng: Random, asked: Pairs, place: Pairs) -> Pairs:
    del place.pairs[rng.randrange(len(place.pairs))]
    return asked


def _key_twice(rng: Random, asked: Pairs, place: Pairs) -> Pairs:
    place.pairs.append(rng.choice(place.pairs))
    return asked


def _key_unknown(rng: Random, asked: Pairs, place: Pairs) -> Pairs:
    key, value = rng.choice(place.pairs)
    place.pairs.append((rng.choice((key.upper(), key + " ", "tax", "")), value))
    return asked


def _text_cut(rng: Random, asked: Pairs, place: Pairs) -> Bare:
    text = _json(asked)
    return Bare(text[: rng.randrange(len(text))])


def _another_text(rng: Random, asked: Pairs, place: Pairs) -> Any:
    return rng.choice((None, [], [asked], "", Bare(""), Bare("NaN"), Bare(_json(asked) + "{}"), Pairs([])))


SPOILERS: tuple[Spoiler, ...] = (
    _some_value,
    _some_value,
    _some_value,
    _some_value,
    _key_gone,
    _key_twice,
    _key_unknown,
    _text_cut,
    _another_text,
)
OTHER_VALUES: tuple[Any, ...] = (
    None,
    [],
    Pairs([]),
    [None],
    [[]],
    "",
    *(
        Bare(word)
        for word in ("true", "false", "NaN", "-Infinity", "1e2", "1E-2", "-0", "-1", "0.5", "1.50", "3")
    ),
    *(
        "NaN",
        "1e2",
        "+1",
        "-0",
        "-1",
        ".5",
        "1.",
        " 1",
        "٣",
        "0.000000001",
        "0.006",
        "-0.4",
        "0.51",
        "1.5",
        "2",
    ),
    *("XXX", "usd", "JPY", "KWD", "rebuy", "at-renewal", "none", "average", "period-days", "calendar-sum"),
    *("Tokyo", "../UTC", "Pacific/Apia", "2025-02-29", "2025-03-09T02:30", "2025-09-15T24:00", "2024-02-29"),
    *(
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59:59.999-12:00",
        "0000-01-01",
        "2025-09-15 10:00:60",
        "20250915",
    ),
    *("0001-01-01", "9999-12-31", "2025-09-15T10:00z", "2025-09-15T10:00+0800", "2025-06-01", "2030-01-01"),
)


def _objects(value: Any) -> list[Pairs]:
    """Every object that has a key, from the outside in."""
    if isinstance(value, Pairs):
        inner = [found for _, each in value.pairs for found in _objects(each)]
        return [value, *inner] if value.pairs else inner
    return [found for each in value for found in _objects(each)] if isinstance(value, list) else []


def _json(value: Any) -> str:
    if isinstance(value, Pairs):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(each)}" for key, each in value.pairs) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    return str(value) if isinstance(value, Bare) else json.dumps(value)
