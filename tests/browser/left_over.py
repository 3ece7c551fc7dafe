"""English words on a page that is to be in Japanese or Chinese.

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
    r"\b(?:Q|C|T)-[A-Z0-9]{4}-[A-Z0-9]{4}\b|\bRF\d\d(?: [A-Z0-9]{4})+|\bMHCBJPJT\b|"
    r"Marunouchi branch \(110\), ordinary account|no hot-plug on this machine|"
    r"\b(?:INV|CN|PF|RF|R|T|L)-?[A-Z0-9-]*\d[A-Z0-9-]*\b|\b[0-9A-F]+C\d+G\b|\bWELCOME-10\b|\bNO-SUCH\b|\b[A-Z2-7]{32}\b|https?://\S+"
)
WORD = re.compile(r"[A-Za-z]{2,}")
# What is read: the text that can be seen, the text for the ear, and what stands in attributes.
READ = """() => {
  const attributes = ["aria-label", "data-label", "title", "placeholder", "alt", "aria-valuetext", "data-say"];
  const spoken = [...document.querySelectorAll(".vh, caption, option, [hidden] label")]
    .filter((one) => !one.closest("#id_time_zone"))
    .map((one) => one.textContent);
  const said = attributes.flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)].map((one) => one.getAttribute(name)));
  return [document.title, document.body.innerText, ...spoken, ...said].join("\\n");
}"""


def left_over(page: Page) -> list[str]:
    """Each line with English in it: the words, and the line."""
    found = []
    for line in dict.fromkeys(page.evaluate(READ).splitlines()):
        words = [word for word in WORD.findall(CODES.sub(" ", line)) if word not in NAMES]
        if words:
            found.append(f"{' '.join(words)!r} in “{line.strip()[:100]}”")
    return found
