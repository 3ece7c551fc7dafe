"""One customer, one day, eight stories, told in each of the three languages: an upgrade whose card is declined first, a
downgrade with its blockers freed on the way, a mixed change, a world that changed since the quote, a price that expired, a
machine that was busy, and a change that was paid, could not be done and was taken back.

The story reads in English and presses what the page says (`tongue.py`). From Resources to submitted it takes three presses
and those on the sliders.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from browser.demo_service import MACHINE
from browser.desk import Desk
from browser.oracle import Figures
from browser.papers import Paid
from browser.reader import Reader
from browser.standing import unchanged
from browser.tongue import LANGUAGES, Tongue
from browser.traveller import Traveller
from browser.walk import SLOW, let_alone, log, measured, pay_with
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.browser import NewVisitor
from support.installation import Installation
from support.sandboxes import DECLINED, wait_until

pytestmark = pytest.mark.browser
# What staff write to the customer is not ours to translate.
LOOKING = {"en": "We look at it", "ja": "確認しています", "zh_Hans": "我们正在查看"}
ENDED = {"en": "The other work has ended", "ja": "ほかの処理が終わりました", "zh_Hans": "其他任务已结束"}
REPLACED = {"en": "This host is being replaced", "ja": "このホストを交換します", "zh_Hans": "该主机正在更换"}
GIFT = 1_500
# The other files tell of each of them in English, on every run.
EN = pytest.param("en", marks=pytest.mark.prove)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", [one if one != "en" else EN for one in LANGUAGES])
def test_eight_stories(demo: Installation, visitor: NewVisitor, language: str) -> None:
    tongue = Tongue(language)
    aiko = visitor(locale=tongue.locale)
    look = Reader(aiko, tongue.lang)
    her = Traveller(demo, aiko, tongue, look)
    staff = visitor()
    staff.sign_in("staff@example.com", "prorata-demo", to="/staff/")
    desk = Desk(staff)

    signed_in_and_spoken_to(her)
    upgrade_with_a_declined_card(her)
    credit = downgrade_with_blockers_freed(her)
    credit, gifted = mixed(her, credit)
    world_changed(her)
    price = expired_and_renewed(her)
    credit = parked_and_retried(her, desk, price, credit)
    reversed_by_staff(her, desk, credit, gifted)
    every_other_page(her)
    assert look.mistakes == [], "\n".join(look.mistakes)


def signed_in_and_spoken_to(her: Traveller) -> None:
    """The browser's wish decides on the page; what is chosen at the foot is kept with the person, for mails."""
    her.visitor.open("/accounts/login/")
    her.look("sign-in")
    her.page.locator("#id_login").fill("aiko@example.com")
    her.page.locator("#id_password").fill("prorata-demo")
    her.press("button", "Sign in", within="main")
    expect(her.page.get_by_role("heading", level=1)).to_have_text(her.say("Services"))
    her.page.locator(f"footer button[lang={her.say.lang}]").click()
    expect(her.page.locator("footer [aria-current=true]")).to_have_attribute("lang", her.say.lang)
    her.look("services")


def upgrade_with_a_declined_card(her: Traveller) -> None:
    """CPU 2 to 3 and memory 4 to 8 with the gift and a card; the first card is declined, and nothing was done."""
    her.visitor.click("link", "web-01")
    expect(her.page.locator("#monthly")).to_have_text(
        her.say.price(her.books.monthly_of(her.books.configuration))
    )
    her.look("resources")
    her.to_sliders()
    her.look("change")
    figures = her.choose(cpu=3, memory=8)
    her.page.locator("#estimate details.how summary").click()
    her.look("change-estimate")
    her.press("button", "Continue", within="#estimate")
    her.expect_review(figures, gifted=GIFT)
    her.look("review")
    her.page.get_by_role("radio", name=her.say("Credit card")).check()
    her.page.locator("#submit").click()

    paid = Paid(gifted=GIFT, card=figures.gross - GIFT)
    expect(her.page).to_have_url(re.compile("/invoices/"))
    her.expect_invoice(figures, paid, open_=True)
    her.look("invoice")
    invoice = her.visitor.path
    her.press("link", "Use another method")
    expect(her.page.locator("aside .money")).to_have_text(her.say.money(paid.card))
    her.look("checkout")
    her.visitor.open(invoice)
    pay_now = {"amount": her.say.money(paid.card), "method": her.say("Credit card")}
    her.press("button", "Pay Now! %(amount)s with %(method)s", **pay_now)
    her.page.wait_for_url(f"{her.demo.gateway.url}/**")
    pay_with(her.visitor, DECLINED)
    expect(her.page.get_by_role("alert")).to_contain_text("Nothing was taken.")

    def told() -> bool:
        her.visitor.open(invoice)
        return her.visitor.text("#payment-title") == her.say("The payment page refused it")

    wait_until(told, "the portal to know of the refusal", seconds=60)
    her.expect_invoice(figures, paid, open_=True)
    her.look("invoice-declined")
    assert measured(her.demo, MACHINE)["memory"] == 4
    her.press("button", "Continue paying %(amount)s with %(method)s", **pay_now)
    her.page.wait_for_url(f"{her.demo.gateway.url}/**")
    pay_with(her.visitor)

    expect(her.page).to_have_url(re.compile("/changes/"))
    her.expect_applied(figures, cpu=3, memory=8)
    expect(her.page.locator("#paid")).to_have_text(her.say.money(figures.gross))
    her.look("result")
    her.books.apply(figures, gifted=GIFT)
    her.press("link", "Invoice %(number)s", number="INV-000001")
    her.expect_invoice(figures, paid, open_=False)
    her.look("invoice-paid")
    her.expect_pdf("invoice", figures.gross)
    subject = her.say.joined([her.say.short("cpu", 2, 3), her.say.short("memory", 4, 8)])
    told = her.say("Your change of %(name)s is done.", name="web-01")
    her.expect_mail(f"web-01: {subject} – {her.say('done')}", told, figures.gross, figures.tax, paid.card)


def downgrade_with_blockers_freed(her: Traveller) -> int:
    """Backups 7 to 2 and snapshots 2 to none while three and one are stored: the slider ends there, Continue says why, and
    after deleting on the way it goes lower. Returns the credit."""
    her.to_resources()
    her.to_sliders()
    for code, floor in (("backups", "3"), ("snapshots", "1")):
        slider = her.page.get_by_role("slider", name=her.say.name(code))
        slider.press("Home")
        expect(her.page.locator(f"#{code}")).to_have_value(floor)
    her.page.locator("#backups").fill("2")
    her.page.locator("#snapshots").fill("0")
    expect(her.page.locator("#error-snapshots")).not_to_be_empty()
    her.visitor.estimate_rests()
    her.press("button", "Continue", within="#estimate")
    stand = her.say("%(n)s things stand between you and this configuration", n=2)
    expect(her.page.get_by_role("alert").first).to_contain_text(stand)
    her.look("blocked")
    free(her, "snapshots", 0, "before-php8")
    free(her, "backups", 2, "daily-3")
    assert {one["name"] for one in her.demo.hypervisor.machine(MACHINE)["objects"]} == {"daily-1", "daily-2"}
    assert Deed.objects.filter(what="stored.deleted", actor_name="aiko@example.com").count() == 2
    for code, value in (("backups", "2"), ("snapshots", "0")):
        slider = her.page.get_by_role("slider", name=her.say.name(code))
        slider.press("Home")
        expect(her.page.locator(f"#{code}")).to_have_value(value)

    figures = her.expect_estimate(backups=2, snapshots=0)
    assert figures.gross < 0
    her.press("button", "Continue", within="#estimate")
    her.expect_review(figures)
    her.look("review-down")
    her.page.locator("#submit").click()
    her.expect_applied(figures, backups=2, snapshots=0)
    her.books.apply(figures)
    credit = -figures.gross
    her.expect_credit(credit)
    her.look("result-down")
    her.press("link", "Credit note %(number)s", number="CN-000001")
    her.look("credit-note")
    her.expect_pdf("credit_note", credit)
    subject = her.say(
        "%(name)scredit of %(amount)s booked (%(number)s)",
        name="web-01: ",
        amount=f"{credit:,} JPY",
        number="CN-000001",
    )
    her.expect_mail(
        subject, her.say("It is credit for your next changes, not a refund to your card."), credit
    )
    return credit


def free(her: Traveller, code: str, wanted: int, name: str) -> None:
    """From the blocker to what is stored, delete one thing, and back to the sliders with what was typed."""
    her.press("link", "See what is stored", within=f"#card-{code}")
    chosen = {"name": her.say.name(code), "value": wanted}
    expect(her.page.locator("#wanted")).to_contain_text(
        her.say("To choose %(name)s %(value)s, delete one of these.", n=1, count=1, **chosen)
    )
    her.look(f"stored-{code}")
    her.press("link", "Delete %(name)s", name=name)
    her.expect_text("h1", "Delete “%(name)s”?", name=name)
    her.look(f"delete-{code}")
    her.press("button", "Delete for good")
    her.expect_text("main", "“%(name)s” was deleted.", name=name)
    her.expect_text("#wanted", "%(name)s %(value)s can be chosen now.", **chosen)
    her.press("link", "Back to sliders")
    for kept, value in (("backups", "2"), ("snapshots", "0")):
        expect(her.page.locator(f"#{kept}")).to_have_value(value)


def mixed(her: Traveller, credit: int) -> tuple[int, int]:
    """CPU 3 to 4 from what memory 8 to 6 frees; the rest is credit, some of it gifted as it had been paid with the gift.
    Returns the credit there is then, and what of it is gifted."""
    her.to_resources()
    her.to_sliders()
    figures = her.choose(cpu=4, memory=6)
    assert figures.gross < 0 < figures.gifted_back
    her.press("button", "Continue", within="#estimate")
    her.expect_review(figures)
    her.look("review-mixed")
    her.page.locator("#submit").click()
    expect(her.page).to_have_url(re.compile("/changes/"))
    assert her.presses() == 3
    her.expect_applied(figures, cpu=4, memory=6)
    her.books.apply(figures)
    her.expect_credit(credit - figures.gross)
    her.look("result-mixed")
    return credit - figures.gross, figures.gifted_back


def world_changed(her: Traveller) -> None:
    """A disk of 60 was quoted, then the disk filled up: Submit refuses as the slider page does, and nothing moves."""
    uses_disk(her, "40")
    her.to_resources()
    her.to_sliders()
    her.choose(disk=60)
    her.press("button", "Continue", within="#estimate")
    her.expect_text("h1", "Review and pay")
    quote = her.visitor.path
    uses_disk(her, "70")
    # A second window looks at Resources; the first still offers Submit.
    late = her.page.context.new_page()
    late.goto(f"{her.visitor.url}/services/{Service.objects.get(name='web-01').pk}/resources")
    expect(late.locator("#row-disk")).to_contain_text("70 GB")
    late.close()
    told = {"name": her.say.name("disk"), "floor": "80 GB", "used": "70 GB", "percent": 10}
    msgid = "%(name)s cannot go below %(floor)s: %(used)s is used and %(percent)s %% must stay free."
    with unchanged(her.demo):
        her.page.locator("#submit").click()
        her.expect_text("[role=alert]", msgid, **told)
        her.look("world-changed")
        her.visitor.open(quote)
        her.expect_text("#stale", msgid, **told)
        her.press("link", "See the new estimate")
        her.expect_text("#error-disk", msgid, **told)
        her.look("world-changed-estimate")


def expired_and_renewed(her: Traveller) -> Figures:
    """A disk of 80 is possible. After half an hour its price is no longer fixed; one press fixes the price of now."""
    figures = her.choose(disk=80)
    her.press("button", "Continue", within="#estimate")
    her.expect_review(figures)
    quote, until = her.visitor.path, her.visitor.text("main .meta b")
    her.demo.forward(timedelta(minutes=31))
    msgid = "This price was valid until %(until)s. Renew the price to go on."
    with unchanged(her.demo):
        her.page.locator("#submit").click()
        her.expect_text("[role=alert]", msgid, until=until)
        her.visitor.open(quote)
        her.expect_text("#stale", msgid, until=until)
        expect(her.page.locator("#submit")).to_have_count(0)
        her.look("expired")
    her.press("button", "Renew price")
    amount = her.say.money(figures.gross)
    her.expect_text("main", "The price was renewed. It is the same as before: %(amount)s.", amount=amount)
    her.expect_review(figures)
    her.look("renewed")
    return figures


def parked_and_retried(her: Traveller, desk: Desk, figures: Figures, credit: int) -> int:
    """The machine is busy at Submit; staff take the change over and try again when it is free. Returns the credit."""
    her.demo.hypervisor.busy(MACHINE, "backup")
    her.page.locator("#submit").click()
    expect(her.page.locator("#headline")).to_have_text(her.say("Waiting for the machine"))
    her.expect_text("#change", "The machine is busy with something else. We go on as soon as it is free.")
    let_alone(her.demo)
    her.look("parked")
    her.expect_credit(credit)
    reference = her.visitor.path.rpartition("/")[2]
    desk.go("Needs somebody")
    row = desk.page.get_by_role("row").filter(has_text=reference)
    for words in (
        "Tanaka Design",
        "web-01",
        "NVMe SSD 100→80",
        f"{figures.gross:,} JPY",
        "Parked",
        "busy",
    ):
        expect(row).to_contain_text(words)
    desk.visitor.click("link", reference)
    desk.expect_said("Waiting for the machine")
    take_up(desk, "Take over", LOOKING[her.say.folder], f"You look after {reference} now.")
    her.demo.hypervisor.not_busy(MACHINE)
    take_up(desk, "Retry", ENDED[her.say.folder], f"{reference} is tried again.")
    her.expect_applied(figures, disk=80)
    her.expect_intervention("Taken over", LOOKING[her.say.folder])
    her.expect_intervention("Retried", ENDED[her.say.folder])
    her.books.apply(figures)
    her.expect_credit(credit - figures.gross)
    her.look("retried")
    return credit - figures.gross


def reversed_by_staff(her: Traveller, desk: Desk, credit: int, gifted: int) -> None:
    """Memory 6 to 16 is paid with all the credit and the card of last time; it cannot be done, and all of it comes back."""
    before = measured(her.demo, MACHINE)
    her.to_resources()
    her.to_sliders()
    figures = her.choose(memory=16)
    paid = Paid(gifted=gifted, account=credit - gifted, card=figures.gross - credit)
    assert paid.card > 0
    her.press("button", "Continue", within="#estimate")
    her.expect_review(figures, gifted=gifted, account=credit - gifted)
    her.demo.hypervisor.busy(MACHINE, "backup")
    her.page.locator("#submit").click()
    expect(her.page).to_have_url(re.compile("/invoices/"))
    assert her.presses() == 3
    pay_now = {"amount": her.say.money(paid.card), "method": her.say("Credit card")}
    her.press("button", "Pay Now! %(amount)s with %(method)s", **pay_now)
    her.page.wait_for_url(f"{her.demo.gateway.url}/**")
    pay_with(her.visitor)
    expect(her.page.locator("#headline")).to_have_text(her.say("Waiting for the machine"), timeout=SLOW)
    let_alone(her.demo)
    her.expect_credit(0)
    reference = her.visitor.path.rpartition("/")[2]
    desk.go("Needs somebody")
    desk.visitor.click("link", reference)
    take_up(desk, "Reverse", REPLACED[her.say.folder], f"{reference} is being reversed")
    expect(her.page.locator("#headline")).to_have_text(her.say("The change was taken back"), timeout=60_000)
    expect(her.page.locator("#returned")).to_have_text(her.say.money(figures.gross))
    her.expect_text("#change", "%(amount)s came back as credit.", amount=her.say.money(figures.gross))
    her.expect_intervention("Reversed", REPLACED[her.say.folder])
    her.expect_credit(figures.gross)
    assert measured(her.demo, MACHINE) == before
    her.look("reversed")
    back = her.say("%(amount)s came back", amount=f"{figures.gross:,} JPY")
    subject = her.say("%(lines)s – not possible, %(back)s", lines=her.say.short("memory", 6, 16), back=back)
    told = her.say(
        "Your change of %(name)s was not possible. The machine is as it was before.", name="web-01"
    )
    her.expect_mail(f"web-01: {subject}", told, figures.gross, gifted, figures.gross - gifted)
    desk.go("Needs somebody")
    expect(desk.page.locator("#result_list")).to_have_count(0)
    her.page.locator("#available-credit").click()
    assert {line[1:3] for line in log(her.visitor)[:2]} == {
        (her.say("Gifted credit"), her.say.money(gifted, plus=True)),
        (her.say("Account credit"), her.say.money(figures.gross - gifted, plus=True)),
    }
    her.look("credit")


def every_other_page(her: Traveller) -> None:
    """What a customer finds after such a day."""
    service = f"/services/{Service.objects.get(name='web-01').pk}"
    for name, path in {
        "invoices": "/invoices", "payments": "/payments", "methods": "/payment-methods",
        "changes": f"{service}/changes", "stored": f"{service}/stored/snapshots", "profile": "/profile",
        "example": "/example", "password": "/accounts/password/change/", "second-factor": "/accounts/2fa/",
    }.items():  # fmt: skip
        her.visitor.open(path)
        her.look(name)
    her.visitor.open("/nothing/here", status=404)
    her.look("not-found")


def uses_disk(her: Traveller, used: str) -> None:
    """The disk fills up or is emptied; the last reading is old enough that the next page asks the machine."""
    her.demo.hypervisor.change_machine(MACHINE, usage={"memory": "2.9", "disk": used})
    her.demo.forward(timedelta(seconds=6))


def take_up(desk: Desk, action: str, reason: str, said: str) -> None:
    """One of the actions of the change desk, with the reason that the customer reads; without one it is refused."""
    desk.visitor.click("link", action)
    desk.expect_said("What the customer will be told")
    desk.press(action)
    desk.expect_said("This field is required.")
    desk.fill(reason=reason)
    desk.press(action)
    desk.expect_said(said)


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
