"""What customers read is complete in every language, and the check that says so finds each kind of mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from prorata.config.translations.catalogues import LANGUAGES, LOCALE, compiled, po_file, read, update, write
from prorata.config.translations.check import problems
from prorata.config.translations.collect import collect
from prorata.language import spoken

SAYS = """
from django.utils.translation import gettext as _, ngettext
_("Pay %(amount)s now.")
ngettext("%(n)s day", "%(n)s days", 2)
_("50 %% off")
_("{} must be with us by {}.")
pgettext("of a person", "Name")
"""
PAGE = (
    "{% load i18n %}{% blocktranslate with time=t %}Valid until <b>{{ time }}</b>.{% endblocktranslate %}"
    '{% include "x" with c=_("Lines") %}'
)
SAID = {
    "Pay %(amount)s now.": "今すぐ %(amount)s を支払う",
    "%(n)s day": ("%(n)s 日",),
    "50 %% off": "50 %% 引き",
    "{} must be with us by {}.": "{1} までに {0} が必要です。",
    "Valid until <b>%(time)s</b>.": "<b>%(time)s</b> まで有効です。",
    "Lines": "明細",
    "Name": "お名前",
}


def test_every_message_is_translated_and_none_is_stale() -> None:
    """`prorata translations update` takes in what is new; docs/howto/translate.md says the rest."""
    assert list(problems(collect())) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_words_make_the_same_files_whenever_they_are_written(language: str, tmp_path: Path) -> None:
    write(read(language), language, tmp_path)
    for shipped, again in zip(
        *(sorted(po_file(language, of).parent.iterdir()) for of in (LOCALE, tmp_path)), strict=True
    ):
        assert again.read_bytes() == shipped.read_bytes()


def test_every_language_of_the_settings_is_spoken() -> None:
    assert spoken() == {"en", "ja", "zh-hans"}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A package with one file and one page."""
    (tmp_path / "room" / "templates").mkdir(parents=True)
    (tmp_path / "staff").mkdir()
    (tmp_path / "room" / "words.py").write_text(SAYS)
    (tmp_path / "room" / "templates" / "page.html").write_text(PAGE)
    (tmp_path / "staff" / "desk.py").write_text('_("Only staff read this.")')
    return tmp_path


def translated(code: Path, changed: dict[str, str | tuple[str, ...]]) -> Path:
    """Catalogues of what the code says; `changed` instead of a right translation."""
    found, locale = collect(code), code / "locale"
    for language in LANGUAGES:
        catalogue = update(found, language, locale)
        for message in catalogue:
            key = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
            if key:
                message.string = (SAID | changed)[key]
        write(catalogue, language, locale)
    return locale


def wrong(code: Path, locale: Path) -> list[str]:
    return [line for line in problems(collect(code), locale) if line.startswith("ja: ")]


def test_messages_are_found_in_code_and_pages_but_not_at_the_desk(code: Path) -> None:
    assert {message.id if isinstance(message.id, str) else message.id[0] for message in collect(code)} - {
        ""
    } == set(SAID)


def test_a_complete_catalogue_is_accepted(code: Path) -> None:
    assert wrong(code, translated(code, {})) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Lines": ""}, "is not translated"),
        ({"%(n)s day": ("",)}, "is not translated"),
        ({"Lines": "Lines"}, "is still English"),
        ({"Pay %(amount)s now.": "今すぐ支払う"}, "is filled in with %(amount)s"),
        ({"Pay %(amount)s now.": "今すぐ %(amount)d を支払う"}, "is filled in with %(amount)s"),
        ({"%(n)s day": ("%(days)s 日",)}, "is filled in with %(n)s"),
        ({"{} must be with us by {}.": "{} が必要です。"}, "is filled in with {0}, {1}"),
        ({"{} must be with us by {}.": "{1} までに {} が必要です。"}, "some places by number"),
        ({"50 %% off": "50 % 引き"}, "per cent signs"),
        ({"Valid until <b>%(time)s</b>.": "%(time)s まで有効です。"}, "HTML tags"),
        ({"Lines": "明細\n"}, "line breaks"),
    ],
)
def test_each_kind_of_mistake_is_refused(
    code: Path, changed: dict[str, str | tuple[str, ...]], said: str
) -> None:
    found = wrong(code, translated(code, changed))
    assert len(found) == 1
    assert said in found[0]


def test_what_is_new_what_is_gone_and_what_is_guessed_is_refused(code: Path) -> None:
    locale = translated(code, {})
    page = code / "room" / "templates" / "page.html"
    page.write_text(PAGE.replace("Lines", "Rows"))
    assert [line for line in wrong(code, locale) if "“Rows”" in line and "is missing" in line]
    assert [line for line in wrong(code, locale) if "“Lines”" in line and "is said no more" in line]
    page.write_text(PAGE)
    catalogue = read("ja", locale)
    catalogue["Lines"].flags.add("fuzzy")
    write(catalogue, "ja", locale)
    assert [line for line in wrong(code, locale) if "is marked fuzzy" in line]


def test_a_compiled_catalogue_that_is_not_the_written_one_is_refused(code: Path) -> None:
    locale = translated(code, {})
    written = locale / "ja" / "LC_MESSAGES" / "django.po"
    written.write_text(written.read_text().replace("明細", "内訳"))
    assert [line for line in wrong(code, locale) if "the compiled catalogue" in line]
    written.with_suffix(".mo").unlink()
    assert compiled("ja", locale) is None
    assert [line for line in wrong(code, locale) if "the compiled catalogue" in line]


def test_an_update_keeps_what_is_translated_and_guesses_nothing(code: Path) -> None:
    locale = translated(code, {})
    page = code / "room" / "templates" / "page.html"
    page.write_text(PAGE.replace("Lines", "All lines"))
    kept: Catalog = update(collect(code), "ja", locale)
    assert kept["Pay %(amount)s now."].string == SAID["Pay %(amount)s now."]
    assert kept["All lines"].string == ""
    assert kept.get("Lines") is None
