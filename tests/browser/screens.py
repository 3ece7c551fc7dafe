"""Every screen of the portal in every state that it has: how it comes about, and where it is then seen.

    @screen()
    def invoice_paid(stage: Stage) -> str: ...          # its address; the name of the function is the screen's

Each is made just before it is looked at, so that no price and no deadline runs out meanwhile.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from unittest import mock

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import Page, expect

from browser.stage import Stage
from prorata import clock
from prorata.catalog.models import LinkedLimit, Product
from prorata.changes.cancel import cancel
from prorata.changes.drift.compare_all import compare_all
from prorata.changes.models import Change, SoldTerm
from prorata.changes.pay import start_paying
from prorata.changes.situation import NoSeller
from prorata.credit.models import LogLine
from prorata.customers.models import Membership, User
from prorata.guides.react import say_how_easy
from prorata.invoices.models import CreditNote
from prorata.notices.models import Mail, TurnedOff
from prorata.payments.checkout import start_checkout
from prorata.payments.look import look
from prorata.payments.models import Capture, PaymentAttempt
from prorata.services.models import Service
from prorata.support.attach import Sent
from prorata.support.close import close_mine
from prorata.support.open_ticket import Draft, open_ticket
from prorata.tries.models import Pace
from support.browser import Visitor
from support.sandboxes import DECLINED, FAILS_LATER, SETTLES_LATER
from support.tickets import LOG, PNG, answered

Path = Callable[[Stage], str]
# What is done on the page before it is looked at.
Doing = Callable[[Visitor], None]


@dataclass(frozen=True, kw_only=True)
class Screen:
    """`who` looks: owner, colleague (technical), reader, newcomer (has nothing yet), nobody (not signed in), viewer (of the
    staff, who views the customer's portal).
    `instead` gives the portal's own answer at a moment when something in it is broken, which a page cannot ask for."""

    name: str
    path: Path
    who: str = "owner"
    status: int = 200
    then: Doing | None = None
    instead: Callable[[Stage, str], HttpResponse] | None = None


SCREENS: dict[str, Screen] = {}


def screen(**how: object) -> Callable[[Path], Path]:
    """This function makes a screen, which is called as the function is."""

    def made(path: Path) -> Path:
        name = path.__name__.replace("_", "-")
        assert name not in SCREENS, name
        SCREENS[name] = Screen(name=name, path=path, **how)  # type: ignore[arg-type]
        return path

    return made


def plain(name: str, address: str, **how: object) -> None:
    """A screen that needs nothing to have happened."""
    SCREENS[name] = Screen(name=name, path=lambda stage: address, **how)  # type: ignore[arg-type]


# --- what is done on a page ---------------------------------------------------------------------------------


def opened(visitor: Visitor) -> None:
    """Every part of the page that is folded away is unfolded."""
    visitor.page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")


def menu_opened(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    visitor.page.locator("details.menu summary").click()


def sent(form: str, **typed: str) -> Doing:
    """A form is sent with this typed in."""

    def do(visitor: Visitor) -> None:
        where = visitor.page.locator(form).first
        for name, value in typed.items():
            where.locator(f"[name='{name}']").fill(value)
        with visitor.page.expect_navigation():
            where.locator("button[type=submit]").last.click()

    return do


def continued(visitor: Visitor) -> None:
    """Continue is pressed, and refused."""
    settled(visitor.page)
    with visitor.page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.status == 422
    ):
        visitor.page.locator("#continue").click()
    expect(visitor.page.get_by_role("alert").first).to_be_visible()


def submitted(visitor: Visitor) -> None:
    """Submit is pressed without a method to pay, by a browser that does not ask for it, and refused."""
    visitor.page.locator("#submit").evaluate(
        """(one) => {
          one.form.noValidate = true;
          for (const way of one.form.querySelectorAll("[name=method]")) way.checked = false;
        }"""
    )
    with visitor.page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.status == 422
    ):
        visitor.page.locator("#submit").click()
    expect(visitor.page.get_by_role("alert").first).to_be_visible()


def asked_too_often(visitor: Visitor) -> None:
    """A slider is moved when no more prices are given."""
    settled(visitor.page)
    aiko = User.objects.get(email="aiko@example.com")
    ahead = {"spent_until": Now() + timedelta(days=1)}
    Pace.objects.update_or_create(what="estimate", person=aiko.pk, defaults=ahead)
    visitor.page.locator("#card-memory [data-more]").click()
    expect(visitor.page.locator("#estimate").get_by_role("alert")).to_be_visible()
    Pace.objects.all().delete()


def no_such_voucher(visitor: Visitor) -> None:
    visitor.page.locator("#voucher-code").fill("NO-SUCH")
    with visitor.page.expect_navigation():
        visitor.page.locator("#use-voucher").click()


def settled(page: Page) -> None:
    """No estimate is under way."""
    expect(page.locator("#estimate")).not_to_have_attribute("aria-busy", "true")


def to_second_step(visitor: Visitor) -> None:
    """Signing in goes on to the second step."""
    page = visitor.page
    if "/2fa/" in page.url:  # it waits there since the language before
        return
    page.locator("#id_login").fill("second@example.com")
    page.locator("#id_password").fill("prorata-demo")
    page.locator("form .btn.pri").click()
    expect(page).to_have_url(re.compile("/2fa/authenticate"))


def too_often(visitor: Visitor) -> None:
    """The same form is sent until it is not taken any more."""
    page = visitor.page
    for _ in range(60):
        page.locator("#id_email").fill("nobody@example.com")
        with page.expect_navigation() as gone:
            page.locator("main form button[type=submit]").first.click()
        if gone.value is not None and gone.value.status == 429:
            return
        visitor.open("/accounts/password/reset/")
    raise AssertionError("any number of resets was taken")


# --- signing in ---------------------------------------------------------------------------------------------

plain("sign-in", "/accounts/login/", who="nobody")
plain(
    "sign-in-refused", "/accounts/login/", who="nobody",
    then=sent("main form", login="aiko@example.com", password="not-the-one"),
)  # fmt: skip
plain("sign-up", "/accounts/signup/", who="nobody")
plain("password-forgotten", "/accounts/password/reset/", who="nobody")
plain("password-mail-sent", "/accounts/password/reset/done/", who="nobody")


@screen(who="nobody")
def password_new(stage: Stage) -> str:
    given = {
        "uidb36": user_pk_to_url_str(stage.reader),
        "key": default_token_generator.make_token(stage.reader),
    }
    return reverse("account_reset_password_from_key", kwargs=given)


plain("password-link-too-old", "/accounts/password/reset/key/1-set-abc/", who="nobody")
plain("password-set", "/accounts/password/reset/key/done/", who="nobody")
plain("account-inactive", "/accounts/inactive/", who="nobody")
plain("mail-to-confirm", "/accounts/confirm-email/", who="nobody")
plain("mail-confirmation-too-old", "/accounts/confirm-email/MQ:1abcde:xyz/", who="nobody")


@screen(who="nobody", then=to_second_step)
def second_step(stage: Stage) -> str:
    person, made = User.objects.get_or_create(email="second@example.com")
    if made:
        # A hash that the demo can read: this process makes those of tests.
        person.password = stage.owner.password
        person.save()
        EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
        TOTP.activate(person, generate_totp_secret())
    return "/accounts/login/"


# --- services -----------------------------------------------------------------------------------------------

plain("services-empty", "/services", who="newcomer")


@screen()
def services(stage: Stage) -> str:
    """One is suspended, one being changed, one silent."""
    stage.parked()
    stage.silent()
    stage.measure(Service.objects.get(name="web-01"))
    return "/services"


plain("menu", "/services", then=menu_opened)


@screen()
def resources(stage: Stage) -> str:
    return f"/services/{stage.web(stored=True).pk}/resources"


@screen(who="reader")
def resources_may_only_look(stage: Stage) -> str:
    return f"/services/{Service.objects.get(name='web-01').pk}/resources"


@screen()
def resources_of_an_option(stage: Stage) -> str:
    return f"/services/{stage.instance().pk}/resources"


@screen()
def resources_suspended(stage: Stage) -> str:
    return f"/services/{Service.objects.get(name='db-01').pk}/resources"


@screen()
def resources_silent(stage: Stage) -> str:
    return f"/services/{stage.silent().pk}/resources"


@screen()
def resources_in_flight(stage: Stage) -> str:
    return f"/services/{stage.parked().service_id}/resources"


@screen()
def resources_restart_to_come(stage: Stage) -> str:
    return f"/services/{restart_to_come(stage).service_id}/resources"


def restart_to_come(stage: Stage) -> Change:
    """Paid and done, but for the restart that the customer makes himself."""
    by_hand = {"grow": "restart", "shrink": "restart"}
    web = stage.web(components={"memory": by_hand})
    quote = stage.quote(web, memory=8)
    change = stage.submit(quote, may_restart=False, use_gifted=False, use_account=False)
    stage.pay(change)
    stage.work()
    return Change.objects.get(pk=change.pk)


@screen()
def resources_differing(stage: Stage) -> str:
    """Somebody changed the machine by hand, and the night found it."""
    web = stage.web()
    stage.hypervisor.change_machine(web.external_id, configuration={"memory": 6})
    compare_all()
    stage.work()
    return f"/services/{web.pk}/resources"


@screen()
def stored(stage: Stage) -> str:
    return f"/services/{stage.web(stored=True).pk}/stored/backups?backups=1"


@screen()
def stored_nothing(stage: Stage) -> str:
    return f"/services/{stage.web().pk}/stored/snapshots"


@screen()
def stored_delete(stage: Stage) -> str:
    web = stage.web(stored=True)
    stage.measure(web)
    return f"/services/{web.pk}/stored/snapshots/{first_stored(web)}/delete"


def first_stored(web: Service) -> str:
    reading = web.readings.order_by("-id").first()
    assert reading is not None
    return str(next(one["id"] for one in reading.objects_stored if one["kind"] == "snapshots"))


@screen()
def service_changes(stage: Stage) -> str:
    web = stage.web()
    stage.delivered(web, memory=8)
    web.refresh_from_db()
    stage.change(web, backups=5)
    stage.work()
    return f"/services/{web.pk}/changes"


@screen()
def service_changes_none(stage: Stage) -> str:
    return f"/services/{stage.web().pk}/changes"


@screen()
def timeline(stage: Stage) -> str:
    web = stage.web()
    stage.delivered(web, memory=8)
    web.refresh_from_db()
    stage.change(web, backups=5)
    stage.work()
    return f"/services/{web.pk}/timeline"


# --- the change page ----------------------------------------------------------------------------------------


@screen()
def change(stage: Stage) -> str:
    return f"/services/{stage.web(stored=True).pk}/change"


@screen(then=opened)
def change_up(stage: Stage) -> str:
    return f"/services/{stage.web(stored=True).pk}/change?memory=8&cpu=4&disk=120"


@screen(then=opened)
def change_down(stage: Stage) -> str:
    return f"/services/{stage.web(stored=True).pk}/change?backups=4&snapshots=1"


@screen(then=opened)
def change_mixed(stage: Stage) -> str:
    return f"/services/{stage.web(stored=True).pk}/change?memory=8&backups=3"


@screen()
def change_blocked(stage: Stage) -> str:
    """At the floor, below it, and a value that is not sold."""
    return f"/services/{stage.web(stored=True).pk}/change?disk=60&snapshots=0&backups=2&memory=7"


@screen(then=continued)
def change_refused(stage: Stage) -> str:
    return f"/services/{stage.web(stored=True).pk}/change?disk=60&memory=lots"


@screen(then=continued)
def change_nothing_chosen(stage: Stage) -> str:
    return f"/services/{stage.web().pk}/change"


@screen(then=asked_too_often)
def change_too_often(stage: Stage) -> str:
    return f"/services/{stage.web().pk}/change"


@screen()
def change_full_host(stage: Stage) -> str:
    """web-01 stands on a host with little room."""
    return f"/services/{Service.objects.get(name='web-01').pk}/change?cpu=16&memory=24"


@screen()
def change_linked(stage: Stage) -> str:
    cloud = Product.objects.get(code="bestnet-cloud")
    cpu, memory = (cloud.resource_types.get(code=code) for code in ("cpu", "memory"))
    LinkedLimit.objects.get_or_create(product=cloud, resource_type=cpu, at_least=8, needs=memory, minimum=8)
    return f"/services/{stage.web().pk}/change?cpu=8"


@screen(then=opened)
def change_of_an_option(stage: Stage) -> str:
    return f"/services/{stage.instance().pk}/change?instance_type=2c4g"


@screen()
def change_silent(stage: Stage) -> str:
    return f"/services/{stage.silent().pk}/change?memory=8"


@screen()
def change_in_flight(stage: Stage) -> str:
    return f"/services/{stage.parked().service_id}/change"


@screen()
def change_suspended(stage: Stage) -> str:
    return f"/services/{Service.objects.get(name='db-01').pk}/change"


@screen(who="reader", status=403)
def change_may_only_look(stage: Stage) -> str:
    return f"/services/{Service.objects.get(name='web-01').pk}/change"


plain("example", "/example", then=opened)

# --- review -------------------------------------------------------------------------------------------------


@screen(then=opened)
def review(stage: Stage) -> str:
    """The gift, the account credit, a voucher and a restart."""
    web = stage.web(components={"memory": {"grow": "restart", "shrink": "restart"}})
    return f"/quotes/{stage.quote(web, memory=8, disk=120).reference}"


@screen(then=opened)
def review_with_voucher(stage: Stage) -> str:
    return f"/quotes/{stage.quote(stage.web(), voucher='WELCOME-10', memory=8).reference}"


@screen(then=no_such_voucher)
def review_voucher_refused(stage: Stage) -> str:
    return f"/quotes/{stage.quote(stage.web(), memory=8).reference}"


@screen(then=opened)
def review_down(stage: Stage) -> str:
    return f"/quotes/{stage.quote(stage.web(), backups=4, snapshots=1).reference}"


@screen(then=submitted)
def review_refused(stage: Stage) -> str:
    return f"/quotes/{stage.quote(stage.web(), memory=16).reference}"


@screen(who="colleague")
def review_may_not_pay(stage: Stage) -> str:
    return f"/quotes/{stage.quote(stage.web(), by=stage.colleague, memory=8).reference}"


@screen()
def review_expired(stage: Stage) -> str:
    quote = stage.quote(stage.web(), memory=8)
    stage.clock.forward(timedelta(minutes=31))
    return f"/quotes/{quote.reference}"


@screen()
def review_world_changed(stage: Stage) -> str:
    web = stage.web()
    quote = stage.quote(web, disk=80)
    stage.hypervisor.change_machine(web.external_id, usage={"memory": "2.9", "disk": "88.4"})
    stage.measure(web)
    return f"/quotes/{quote.reference}"


# --- invoices and payments ----------------------------------------------------------------------------------


def of(change: Change | SoldTerm, more: str = "") -> str:
    assert change.invoice is not None
    return f"/invoices/{change.invoice.reference}{more}"


@screen()
def invoice_unpaid(stage: Stage) -> str:
    return of(stage.due())


@screen(who="colleague")
def invoice_may_not_pay(stage: Stage) -> str:
    return of(stage.due())


@screen()
def invoice_on_the_payment_page(stage: Stage) -> str:
    due = stage.due()
    stage.checkout(due)
    return of(due)


@screen()
def invoice_declined(stage: Stage) -> str:
    due = stage.due()
    stage.pay(due, DECLINED)
    return of(due)


@screen()
def invoice_at_the_bank(stage: Stage) -> str:
    due = stage.due()
    stage.pay(due, SETTLES_LATER)
    return of(due)


@screen()
def invoice_being_checked(stage: Stage) -> str:
    due = stage.due()
    attempt = stage.checkout(due)
    PaymentAttempt.objects.filter(pk=attempt.pk).update(state=PaymentAttempt.State.UNKNOWN)
    return of(due)


@screen()
def invoice_failed(stage: Stage) -> str:
    due = stage.due()
    attempt = stage.pay(due, FAILS_LATER)
    stage.gateway.settle(attempt.gateway_ref)
    look(attempt.pk)
    return of(due)


@screen()
def invoice_part_received(stage: Stage) -> str:
    due = stage.due()
    stage.gateway.settings(capture_amount_minor=3_000)
    stage.pay(due)
    stage.gateway.settings(capture_amount_minor=None)
    return of(due)


def by_transfer(stage: Stage) -> Change:
    change = stage.submit(
        stage.quote(stage.web(), memory=8), method="bank_transfer", use_gifted=False, use_account=False
    )
    assert change.invoice is not None
    start_paying(stage.owner, change.invoice, "bank_transfer")
    return change


@screen()
def invoice_transfer_awaited(stage: Stage) -> str:
    return of(by_transfer(stage))


@screen()
def transfer(stage: Stage) -> str:
    return of(by_transfer(stage), "/transfer")


@screen()
def invoice_too_late(stage: Stage) -> str:
    due = stage.due()
    stage.clock.forward(timedelta(minutes=61))
    return of(due)


@screen()
def invoice_expired(stage: Stage) -> str:
    due = stage.due()
    stage.wait(minutes=66)
    return of(due)


@screen()
def invoice_cancelled(stage: Stage) -> str:
    due = stage.due()
    cancel(stage.owner, due.reference)
    return of(due)


@screen()
def invoice_paid(stage: Stage) -> str:
    return of(stage.delivered())


@screen()
def invoice_covered(stage: Stage) -> str:
    """A gift paid all of it."""
    stage.gift(1_000, until=f"{clock.now() + timedelta(days=20):%Y-%m-%d}T00:00+09:00")
    change = stage.change(stage.web(), use_gifted=True, use_account=True, snapshots=3)
    stage.work()
    return of(change)


@screen()
def invoice_of_a_purchase(stage: Stage) -> str:
    return of(stage.sell(stage.wanted(months=3, name="shop-01", machine={"host": "osaka-2"})))


@screen()
def invoice_of_a_renewal(stage: Stage) -> str:
    return of(stage.renew(stage.web(), 6))


@screen()
def checkout(stage: Stage) -> str:
    return of(stage.due(), "/checkout")


@screen()
def checkout_with_a_kept_card(stage: Stage) -> str:
    keep_card(stage)
    return of(stage.due(cpu=4), "/checkout")


def keep_card(stage: Stage) -> None:
    due = stage.due()
    assert due.invoice is not None
    start_checkout(stage.owner, due.invoice, "card", save=True)
    attempt = PaymentAttempt.objects.get(invoice=due.invoice)
    stage.gateway.pay(attempt.gateway_ref, mode="never")
    look(attempt.pk)
    stage.work()


@screen(who="newcomer")
def invoices_empty(stage: Stage) -> str:
    return "/invoices"


@screen()
def invoices(stage: Stage) -> str:
    stage.due()
    stage.half_delivered()
    return "/invoices"


plain("payments-empty", "/payments", who="newcomer")


@screen()
def payments(stage: Stage) -> str:
    stage.delivered()
    return "/payments"


@screen()
def receipt(stage: Stage) -> str:
    stage.delivered()
    return f"/receipts/{newest(Capture.objects.all())}"


@screen()
def credit_note(stage: Stage) -> str:
    stage.half_delivered()
    note = CreditNote.objects.order_by("-id").first()
    assert note is not None
    return f"/credit-notes/{note.number}"


def newest(rows: QuerySet) -> int:
    return int(rows.order_by("-pk").values_list("pk", flat=True)[0])


plain("payment-methods", "/payment-methods")
plain("payment-methods-empty", "/payment-methods", who="newcomer")


@screen()
def payment_methods_with_a_card(stage: Stage) -> str:
    keep_card(stage)
    return "/payment-methods"


# --- a change from Submit to its end ------------------------------------------------------------------------


def page(change: Change) -> str:
    return f"/changes/{change.reference}"


@screen(then=opened)
def progress_unpaid(stage: Stage) -> str:
    return page(stage.due())


@screen()
def progress_paid(stage: Stage) -> str:
    due = stage.due()
    stage.pay(due)
    return page(due)


@screen()
def progress_queued(stage: Stage) -> str:
    """A reduction: nothing is to be paid, and the credit waits for the machine."""
    return page(stage.change(stage.web(), backups=4))


@screen()
def progress_working(stage: Stage) -> str:
    return page(stage.under_way())


@screen()
def progress_parked(stage: Stage) -> str:
    return page(stage.parked())


@screen()
def progress_attention(stage: Stage) -> str:
    return page(stage.attention())


@screen()
def cancel_asked(stage: Stage) -> str:
    return f"{page(stage.due())}/cancel"


@screen(then=opened)
def result(stage: Stage) -> str:
    return page(stage.delivered())


@screen(then=opened)
def result_answered(stage: Stage) -> str:
    change = stage.delivered()
    say_how_easy(stage.owner, change, "normal", language="en")
    return page(change)


@screen()
def result_of_a_reduction(stage: Stage) -> str:
    change = stage.change(stage.web(), backups=4, snapshots=1)
    stage.work()
    return page(change)


@screen()
def result_restart_to_come(stage: Stage) -> str:
    return page(restart_to_come(stage))


@screen()
def result_in_part(stage: Stage) -> str:
    return page(stage.half_delivered())


@screen()
def result_reversed(stage: Stage) -> str:
    return page(stage.delivered(stage.refusing_memory(), memory=8))


@screen()
def result_cancelled(stage: Stage) -> str:
    due = stage.due()
    cancel(stage.owner, due.reference)
    return page(due)


@screen()
def result_expired(stage: Stage) -> str:
    due = stage.due()
    stage.wait(minutes=66)
    return page(due)


# --- credit, news, people, profile --------------------------------------------------------------------------


@screen()
def credit(stage: Stage) -> str:
    stage.change(stage.web(), backups=4)
    stage.half_delivered()
    assert LogLine.objects.exists()
    return "/credit"


plain("credit-empty", "/credit", who="newcomer")
plain("credit-nothing-found", "/credit?since=2001-01-01&until=2001-01-02")


@screen()
def notifications(stage: Stage) -> str:
    stage.delivered()
    return "/notifications"


@screen()
def notification(stage: Stage) -> str:
    done = stage.delivered()
    return f"/notifications/{Mail.objects.get(key=f'change.applied:{done.reference}').pk}"


plain("notifications-empty", "/notifications", who="newcomer")
plain("which-mails", "/notifications/mails")
plain("which-mails-saved", "/notifications/mails", then=sent("main form"))


@screen(who="reader")
def which_mails_may_only_look(stage: Stage) -> str:
    TurnedOff.objects.get_or_create(customer=stage.customer, kind="gift_ends")
    return "/notifications/mails"


plain("profile", "/profile")
plain("profile-saved", "/profile", then=sent("main form", name="Aiko Tanaka"))
plain("people", "/people")
plain("people-may-only-look", "/people", who="reader")
plain(
    "people-refused", "/people",
    then=sent("main form[action*='/add']", name="佐藤 由紀", email="yuki@example.com"),
)  # fmt: skip


@screen()
def people_let_go(stage: Stage) -> str:
    return f"/people/{Membership.objects.get(user=stage.reader).pk}/let-go"


# --- the account --------------------------------------------------------------------------------------------

plain("two-factor", "/accounts/2fa/")
plain("two-factor-activate", "/accounts/2fa/totp/activate/")
plain("two-factor-wrong-code", "/accounts/2fa/totp/activate/", then=sent("main form", code="000000"))
plain("two-factor-keys", "/accounts/2fa/webauthn/")
plain("two-factor-add-key", "/accounts/2fa/webauthn/add/")


def protected(stage: Stage) -> User:
    """A colleague with a second factor."""
    person = stage.colleague
    if not Authenticator.objects.filter(user=person).exists():
        TOTP.activate(person, generate_totp_secret())
        RecoveryCodes.activate(person)
    return person


@screen(who="colleague")
def two_factor_on(stage: Stage) -> str:
    protected(stage)
    return "/accounts/2fa/"


@screen(who="colleague")
def two_factor_off_asked(stage: Stage) -> str:
    protected(stage)
    return "/accounts/2fa/totp/deactivate/"


@screen(who="colleague")
def recovery_codes(stage: Stage) -> str:
    protected(stage)
    return "/accounts/2fa/recovery-codes/"


@screen(who="colleague")
def recovery_codes_new(stage: Stage) -> str:
    protected(stage)
    return "/accounts/2fa/recovery-codes/generate/"


plain("sign-in-again", "/accounts/reauthenticate/")
plain("password-change", "/accounts/password/change/")
plain(
    "password-change-refused", "/accounts/password/change/",
    then=sent("main form", oldpassword="wrong", password1="short", password2="other"),
)  # fmt: skip
plain("mail-addresses", "/accounts/email/")
plain("sign-out", "/accounts/logout/")

# --- support ------------------------------------------------------------------------------------------------

plain("tickets-empty", "/tickets", who="newcomer")
plain("ticket-new", "/tickets/new")


@screen()
def ticket_new_about_a_change(stage: Stage) -> str:
    return f"/tickets/new?about=change:{stage.parked().reference}"


@screen(then=sent("main form", subject="", text=""))
def ticket_new_refused(stage: Stage) -> str:
    return "/tickets/new"


def asked(stage: Stage, key: str) -> str:
    files = [Sent(name="screen.png", data=PNG), Sent(name="boot.log", data=LOG)]
    about = f"change:{stage.parked().reference}"
    with override("ja"):  # what it is about is kept in the words of then
        draft = Draft(
            subject="メモリ", text="メモリが増えません。", key=f"{key}-{time.monotonic_ns()}", about=about, files=files,
            customer_id=stage.customer.pk,
        )  # fmt: skip
        ticket = open_ticket(stage.owner, draft)
    answered(stage.staff, ticket, "確認しました。", key=f"{key}-{time.monotonic_ns()}")
    return ticket.reference


@screen()
def tickets(stage: Stage) -> str:
    asked(stage, "list")
    close_mine(stage.owner, asked(stage, "closed"))
    return "/tickets"


@screen()
def ticket(stage: Stage) -> str:
    return f"/tickets/{asked(stage, 'one')}"


@screen(then=sent("main form[enctype]", text=""))
def ticket_refused(stage: Stage) -> str:
    return f"/tickets/{asked(stage, 'refused')}"


@screen()
def ticket_closed(stage: Stage) -> str:
    reference = asked(stage, "done")
    close_mine(stage.owner, reference)
    return f"/tickets/{reference}"


plain("guides", "/guides")
plain("guides-signed-out", "/guides", who="nobody")
plain("guide-upgrade", "/guides/upgrade")
plain("guide-downgrade", "/guides/downgrade")
plain("guide-signed-out", "/guides/upgrade", who="nobody")


@screen()
def guide_shown(stage: Stage) -> str:
    """“Show me”: the real page with the guide's boxes on it."""
    return f"/services/{Service.objects.get(name='web-01').pk}/resources?guide=upgrade&step=2"


plain("mails", "/demo/mails")


@screen()
def mail(stage: Stage) -> str:
    stage.delivered()
    return f"/demo/mails/{newest(Mail.objects.filter(audience='customer'))}"


# --- as staff see it ----------------------------------------------------------------------------------------


plain("viewed-as-customer", "/credit", who="viewer")
plain("view-refused", "/profile", who="viewer", then=sent("main form"))


# --- what went wrong ----------------------------------------------------------------------------------------


def failing(error: Exception) -> Callable[[Stage, str], HttpResponse]:
    """The portal's answer where this is raised in the middle of a view."""

    def answer(stage: Stage, language: str) -> HttpResponse:
        client = Client(raise_request_exception=False, headers={"accept-language": language})
        client.force_login(stage.owner)
        with mock.patch("prorata.portal.views.services.newest_of", side_effect=error):
            return client.get("/services")

    return answer


plain("not-found", "/nothing/here", status=404)
plain("not-found-signed-out", "/nothing/here", status=404, who="nobody")


def without_token(visitor: Visitor) -> None:
    """The form's own token is gone, as it is when cookies are refused."""
    page = visitor.page
    page.locator("main form [name=csrfmiddlewaretoken]").first.evaluate("(one) => one.remove()")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").last.click()


plain("form-too-old", "/profile", then=without_token)
plain("too-often", "/accounts/password/reset/", who="nobody", then=too_often)
plain("unreadable", "/services", status=400, instead=failing(SuspiciousOperation("on purpose")))
plain("not-accepted", "/services", status=403, instead=failing(PermissionDenied("on purpose")))
plain("failed", "/services", status=500, instead=failing(RuntimeError("on purpose")))
plain("not-ready", "/services", status=503, instead=failing(NoSeller("No seller is set up.")))
