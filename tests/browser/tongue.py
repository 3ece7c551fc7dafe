"""The portal's words and figures in one language.

Words are found in our catalogues by their English msgid, so that a story reads in English and presses what is written on
the page; a msgid that is in no catalogue is a KeyError. Figures and dates are written here as CLDR says.

    ja = Tongue("ja")
    ja("Continue")                                             # 次へ進む
    ja("Submit and pay %(amount)s", amount=ja.money(5_596))    # 確定して ¥5,596 を支払う
    ja("%(n)s things stand between you and this configuration", n=2)
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from babel.dates import format_date
from babel.messages.catalog import Catalog, Message
from babel.numbers import format_decimal

from browser.demo_service import WORDS
from browser.oracle import Value
from browser.wording import day_text
from prorata.config.translations.catalogues import compiled
from support.browser import MINUS

# By the folder of its catalogue: what a browser asks for, what <html lang> says, what the person's choice is called.
LANGUAGES = {
    "en": ("en-GB", "en", "en"),
    "ja": ("ja-JP", "ja", "ja"),
    "zh_Hans": ("zh-CN", "zh-Hans", "zh-hans"),
}
# What the demo's staff call what they sell: they translate it themselves, in the staff desk.
SOLD = {
    "CPU cores": ("CPUコア数", "CPU 核数"), "Memory": ("メモリ", "内存"),
    "Backup generations": ("バックアップ保持世代数", "备份保留份数"),
    "Snapshot limit": ("スナップショット上限", "快照上限"), "Consumption tax": ("消費税", "消费税"),
}  # fmt: skip


class Tongue:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.locale, self.lang, self.code = LANGUAGES[folder]
        self._messages = _by_english(folder)

    def __call__(
        self, msgid: str, *, context: str | None = None, n: int | None = None, **fills: object
    ) -> str:
        """What a page writes for this msgid, with every space a plain one; `n` counts where there is a plural."""
        message = self._messages[context, msgid]
        said = message.id if self.folder == "en" else message.string
        if not isinstance(said, str):
            said = said[0 if n == 1 else -1]
        fills |= {} if n is None else {"n": n}
        said = said % fills if re.search(r"%[(%]", said) else said.format(**fills) if fills else said
        return re.sub(r"\s+", " ", said)

    def pattern(self, msgid: str, **fills: str) -> re.Pattern[str]:
        """The same as a pattern of the whole text; the fills are patterns."""
        said = re.escape(self(msgid, **{name: f"0{name}0" for name in fills}))
        for name, filled in fills.items():
            said = said.replace(f"0{name}0", filled)
        return re.compile(f"^{said}$")

    def joined(self, parts: list[str]) -> str:
        """With the commas of the language."""
        return self(", ").join(parts)

    # --- figures --------------------------------------------------------------------------------------------

    def money(self, minor: int, *, plus: bool = False) -> str:
        """Yen. The grouping is CLDR's, the sign our own rule: in Chinese ¥ is the yuan."""
        return self.price(Fraction(minor), plus=plus)

    def price(self, major: Fraction, *, plus: bool = False) -> str:
        sign = MINUS if major < 0 else "+" if plus and major > 0 else ""
        symbol = "JPY " if self.folder == "zh_Hans" else "¥"
        return f"{sign}{symbol}{format_decimal(int(abs(major)), locale=self.folder)}"

    def day(self, on: date) -> str:
        """CLDR's long date; in English the short name of the month, as on every page of ours."""
        return day_text(on) if self.folder == "en" else format_date(on, "long", locale=self.folder)

    # --- what is sold ---------------------------------------------------------------------------------------

    def sold(self, name: str) -> str:
        """A word of the staff's own in this language."""
        return (
            SOLD.get(name, (name, name))[list(LANGUAGES).index(self.folder) - 1]
            if self.folder != "en"
            else name
        )

    def name(self, code: str) -> str:
        return self.sold(WORDS.names[code])

    def value(self, code: str, value: Value) -> str:
        return WORDS.value(code, value)

    def from_to(self, code: str, before: Value, after: Value) -> str:
        """As it is heard: 4 GB to 8 GB."""
        return f"{self.value(code, before)} {self('to')} {self.value(code, after)}"

    def short(self, code: str, before: Value, after: Value) -> str:
        """As the subject of a mail has it: Memory 4→8 GB."""
        return f"{self.name(code)} {before}→{after} {WORDS.units.get(code, '')}".strip()


def _by_english(folder: str) -> dict[tuple[str | None, str], Message]:
    """Messages by context and English, a plural by either of its forms. English itself is read from one of the others."""
    found: Catalog | None = compiled("ja" if folder == "en" else folder)
    assert found is not None
    return {
        (message.context, english): message
        for message in found
        for english in ([message.id] if isinstance(message.id, str) else message.id)
        if english
    }
