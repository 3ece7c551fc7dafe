"""The whole way from the slider to the result in Japanese and in Chinese: no English word is left on any page.

Names stay as they are: the customer's and the provider's own, product and unit names, references, zones, currency codes.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.walk import pay_with
from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser

# Whole words that are the same in every language here.
NAMES = {
    "Prorata", "PDF", "CSV", "JPY", "JST", "GB", "CPU", "NVMe", "SSD", "Cookie", "BESTNET", "CLOUD", "Bestnet", "K",
    "Marunouchi", "Chiyoda", "ku", "Tokyo", "Asia", "Aiko", "Tanaka", "Design", "Visa", "English", "web", "db", "cvm",
    "daily", "before", "php", "Stripe", "VM", "CST", "UTC",
}  # fmt: skip
# Time zones, addresses, references of ours, tax numbers, codes of vouchers and options.
CODES = re.compile(
    r"\b(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[\w/ +-]+|\S+@\S+|"
    r"\b(?:Q|C|INV|CN|PF|R|T|T-|L)-?[A-Z0-9-]*\d[A-Z0-9-]*\b|\b[0-9A-F]+C\d+G\b|\bWELCOME-10\b|https?://\S+"
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


@pytest.mark.parametrize(
    ("locale", "lang", "headline", "yen"),
    [
        ("ja-JP", "ja", "に変更が完了しました", "¥"),
        ("zh-CN", "zh-Hans", "完成变更", "JPY\u00a0"),
    ],
)
def test_from_the_slider_to_the_result(
    demo: Installation, visitor: NewVisitor, locale: str, lang: str, headline: str, yen: str
) -> None:
    aiko = visitor(locale=locale)
    look = Reader(aiko, lang)
    aiko.open("/accounts/login/")
    look("sign-in")
    aiko.page.locator("#id_login").fill("aiko@example.com")
    aiko.page.locator("#id_password").fill("prorata-demo")
    aiko.page.locator("form .btn.pri").click()
    expect(aiko.page).to_have_url(re.compile("/services$"))
    look("services")
    aiko.page.locator("h2 a", has_text="web-01").click()
    look("resources")
    service = aiko.path.removesuffix("/resources")

    aiko.open(f"{service}/change")
    look("change")
    aiko.page.locator("#disk").fill("80")
    expect(aiko.page.locator("#error-disk")).not_to_be_empty()
    look("change-refused")
    aiko.page.locator("#disk").fill("120")
    aiko.page.locator("#memory").fill("8")
    expect(aiko.page.locator("#line-memory")).to_be_visible()
    aiko.page.locator("details summary").last.click()
    look("change-estimate")
    assert aiko.page.locator("#total").inner_text().startswith(yen)
    aiko.page.locator("#continue").click()
    expect(aiko.page.locator("#submit")).to_be_visible()
    look("review")

    aiko.page.locator("input[name=method]").first.check()
    aiko.page.locator("#submit").click()
    expect(aiko.page).to_have_url(re.compile("/invoices/"))
    look("invoice")
    invoice = aiko.path
    aiko.open(f"{invoice}/checkout")
    look("checkout")
    aiko.page.locator("input[name=method]").first.check()
    aiko.page.locator("main form button[type=submit]").last.click()
    aiko.page.wait_for_url(f"{demo.gateway.url}/**")
    pay_with(aiko)
    expect(aiko.page.locator("#headline")).to_contain_text(headline, timeout=60_000)
    look("result")
    aiko.open(invoice)
    look("invoice-paid")
    for name, path in {
        "credit": "/credit", "invoices": "/invoices", "payments": "/payments", "methods": "/payment-methods",
        "changes": f"{service}/changes", "stored": f"{service}/stored/snapshots", "profile": "/profile",
        "example": "/example", "password": "/accounts/password/change/", "second-factor": "/accounts/2fa/",
    }.items():  # fmt: skip
        aiko.open(path)
        look(name)
    aiko.open("/nothing/here", status=404)
    look("not-found")
    assert look.mistakes == [], "\n".join(look.mistakes)


def test_the_switch_at_the_foot_works_before_sign_in_and_without_a_script(
    demo: Installation, visitor: NewVisitor
) -> None:
    """Each language stands there by its own name; the choice is kept by the browser, then with the person."""
    somebody = visitor(java_script_enabled=False)
    somebody.open("/accounts/login/")
    switch = somebody.page.locator("footer button[name=language]")
    assert switch.all_inner_texts() == ["English", "日本語", "简体中文"]
    assert [one.get_attribute("lang") for one in switch.all()] == ["en", "ja", "zh-Hans"]
    switch.nth(1).click()
    expect(somebody.page.locator("html")).to_have_attribute("lang", "ja")
    expect(somebody.page.locator("h1")).to_have_text("サインイン")
    somebody.page.locator("#id_login").fill("aiko@example.com")
    somebody.page.locator("#id_password").fill("prorata-demo")
    somebody.page.locator("form .btn.pri").click()
    expect(somebody.page.locator("h1")).to_have_text("サービス")
    somebody.page.locator("footer button[name=language]").nth(2).click()
    expect(somebody.page.locator("html")).to_have_attribute("lang", "zh-Hans")

    # Another browser, and a wish of its own: what the person chose goes before it.
    elsewhere = visitor(locale="ja-JP")
    elsewhere.open("/accounts/login/")
    elsewhere.page.locator("#id_login").fill("aiko@example.com")
    elsewhere.page.locator("#id_password").fill("prorata-demo")
    elsewhere.page.locator("form .btn.pri").click()
    expect(elsewhere.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    elsewhere.open("/profile")
    elsewhere.page.locator("#id_language").select_option("ja")
    elsewhere.page.locator("#id_time_zone").select_option("Europe/Berlin")
    elsewhere.page.locator("main .btn.pri").click()
    expect(elsewhere.page.locator("html")).to_have_attribute("lang", "ja")
    elsewhere.page.locator(".nav a[href='/services']").click()
    elsewhere.page.locator("h2 a", has_text="web-01").click()
    expect(elsewhere.page.locator("main")).to_contain_text(re.compile("CES?T"))


class Reader:
    """Looks at a page in every way it is read, and keeps what is wrong for the end of the story."""

    def __init__(self, visitor: Visitor, lang: str) -> None:
        self.visitor, self.lang, self.mistakes = visitor, lang, list[str]()

    def __call__(self, name: str) -> None:
        page, visitor = self.visitor.page, self.visitor
        assert page.locator("html").get_attribute("lang") == self.lang
        for line in dict.fromkeys(page.evaluate(READ).splitlines()):
            words = [word for word in WORD.findall(CODES.sub(" ", line)) if word not in NAMES]
            # The foot names each language in its own words.
            if words:
                self.mistakes.append(f"{name}: {' '.join(words)!r} in “{line.strip()[:100]}”")
        visitor.shot(f"{self.lang}-{name}")
        self.mistakes += [f"{name}: {one}" for one in visitor.accessibility_mistakes()]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": 320, "height": 640})
            visitor.shot(f"{self.lang}-{name}-narrow-{scheme}")
            if visitor.scrolls_sideways():
                self.mistakes.append(f"{name}: scrolls sideways at 320 px, {scheme}")
        self.mistakes += [f"{name}, dark: {one}" for one in visitor.accessibility_mistakes()]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
