"""Words of another language than the page's: English where it is to be Japanese or Chinese, and the other way round.

Names stay as they are: the customer's and the provider's own, product and unit names, references, zones, currency codes.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page

# Whole words that are the same in every language here.
NAMES = {
    "Prorata", "PDF", "CSV", "JPY", "USD", "JST", "GB", "CPU", "NVMe", "SSD", "Cookie", "BESTNET", "CLOUD", "Bestnet", "K",
    "Marunouchi", "Chiyoda", "ku", "Tokyo", "Asia", "Aiko", "Tanaka", "Design", "Visa", "English", "web", "db", "cvm",
    "shop", "daily", "before", "php", "Stripe", "VM", "CST", "UTC", "Ken", "Sato", "JSON", "QR", "TOTP", "screen", "png",
    "boot", "log", "kB", "MB", "JPG", "LOG", "PNG", "TXT", "Welcome", "BIC", "IBAN", "Mizuho", "Bank",
}  # fmt: skip
# Time zones, addresses, references of ours, tax numbers, the demo's bank, what a machine itself said, codes of vouchers and
# options.
CODES = re.compile(
    r"\b(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[\w/ +-]+|\S+@\S+|"
    r"\b(?:Q|C|PF|S|T)-[A-Z0-9]{4}-[A-Z0-9]{4}\b|\bRF\d\d(?: [A-Z0-9]{4})+|\bMHCBJPJT\b|"
    r"Marunouchi branch \(110\), ordinary account|no hot-plug on this machine|\bcap_[0-9a-f]+\b|"
    r"\b(?:INV|CN|PF|RF|R|T|L)-?[A-Z0-9-]*\d[A-Z0-9-]*\b|\b[0-9A-F]+C\d+G\b|\bWELCOME-10\b|\bNO-SUCH\b|\b[A-Z2-7]{32}\b|https?://\S+"
)
WORD = re.compile(r"[A-Za-z]{2,}")
# In English it is the other way round: the letters of the two others, but for their own names at the foot.
NOT_ENGLISH = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+")
OWN_NAMES = {"日本語", "简体中文"}
# What is read: the text that can be seen, the text for the ear, and what stands in attributes. CLDR has not every place's
# name in every language, so the places of time zones are not read.
READ = """() => {
  const attributes = ["aria-label", "data-label", "title", "placeholder", "alt", "aria-valuetext", "data-say"];
  const places = new Set([...document.querySelectorAll("#id_time_zone option")].map((one) => one.textContent.trim()));
  const seen = document.body.innerText.split("\\n").filter((line) => !places.has(line.trim()));
  const spoken = [...document.querySelectorAll(".vh, caption, option, [hidden] label")]
    .filter((one) => !one.closest("#id_time_zone"))
    .map((one) => one.textContent);
  const said = attributes.flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)].map((one) => one.getAttribute(name)));
  return [document.title, ...seen, ...spoken, ...said].join("\\n");
}"""


def left_over(page: Page, lang: str) -> list[str]:
    """Each line with such words: the words, and the line. `lang` is the page's: en, ja, zh-Hans."""
    found = []
    for line in dict.fromkeys(page.evaluate(READ).splitlines()):
        if words := _foreign(line, lang):
            found.append(f"{' '.join(words)!r} in “{line.strip()[:100]}”")
    return found


def _foreign(line: str, lang: str) -> list[str]:
    if lang == "en":
        return [word for word in NOT_ENGLISH.findall(line) if word not in OWN_NAMES]
    return [word for word in WORD.findall(CODES.sub(" ", line)) if word not in NAMES]
