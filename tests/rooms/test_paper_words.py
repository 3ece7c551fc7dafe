"""The words of documents: complete in every language, each used, and none that the page does not know."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

from prorata.invoices import paper
from prorata.invoices.paper.figures import amount, day, one_line, precise, share
from prorata.invoices.paper.words import LANGUAGES, WORDS, language_of, say

CHINESE_OR_JAPANESE = re.compile("[\u3000-\u30ff\u4e00-\u9fff]")


def _fills(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("key", WORDS)
def test_a_sentence_is_there_in_every_language(key: str) -> None:
    sentences = WORDS[key]
    assert len(sentences) == len(LANGUAGES) == 3
    assert all(sentence.strip() for sentence in sentences)
    assert len({frozenset(_fills(sentence)) for sentence in sentences}) == 1, "all fill in the same"
    english, japanese, chinese = sentences
    assert not CHINESE_OR_JAPANESE.search(english)
    if re.sub(r"\{\w+\}", "", english).strip(" ,"):
        assert CHINESE_OR_JAPANESE.search(japanese)
        assert CHINESE_OR_JAPANESE.search(chinese)
        assert not re.search("[\u3040-\u30ff]", chinese), "no kana in Chinese"


def test_every_sentence_is_used_and_every_used_one_is_there() -> None:
    folder = Path(paper.__file__).parent
    source = "\n".join(f.read_text() for f in folder.glob("*.py") if f.name != "words.py")
    quoted = set(re.findall(r'"([a-z_]+)"', source)) | {"reduced", "reversed"}  # the reasons of credit notes
    assert set(WORDS) - quoted == set()
    for key in re.findall(r'say\(\s*"([a-z_]+)"', source):
        assert key in WORDS, key


def test_an_unknown_language_is_english() -> None:
    assert language_of(None, "fr", "") == "en"
    assert language_of("zh-hans", "ja") == "zh-hans"
    assert language_of("xx", "ja") == "ja"
    with pytest.raises(KeyError):
        say("nothing of the kind", "en")


def test_figures_are_written_as_each_language_does() -> None:
    assert (amount(-123_456, "USD"), amount(14_924, "JPY")) == ("\u22121,234.56", "14,924")
    assert (precise(Decimal("65"), "USD"), precise(Decimal("0.10500000"), "EUR"), precise(Decimal(1_800), "JPY")) == (
        "65.00", "0.105", "1,800",
    )  # fmt: skip
    assert (share(Decimal("0.100000"), "en"), share(Decimal("0.0825"), "ja")) == ("10\u00a0%", "8.25%")
    assert [day(date(2026, 8, 5), language) for language in LANGUAGES] == [
        "5\u00a0Aug\u00a02026", "2026年8月5日", "2026年8月5日",
    ]  # fmt: skip


def test_what_could_hide_or_turn_text_is_not_printed() -> None:
    assert one_line("Tanaka\r\n  \u202eDesign\u0000\u2066 \u009b K.K.") == "Tanaka Design K.K."
    assert one_line('שלום مرحبا 😀 #let \\ "') == 'שלום مرحبا 😀 #let \\ "'
