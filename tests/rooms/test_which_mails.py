"""Customers choose which mails are sent to them; what asks for money or tells of it, access and answers always are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core import mail as sent_mails
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client

from prorata import notices
from prorata.changes import states
from prorata.changes.models import Change, SoldTerm
from prorata.customers.models import Membership, User
from prorata.language import speaking
from prorata.notices import outbox
from prorata.notices.choice import choose
from prorata.notices.kinds import FIXED, KINDS, OPTIONAL, kind_of
from prorata.notices.models import Mail, TurnedOff
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.forms import words
from support.portal import person, text
from support.world import World

PAGE = "/notifications/mails"
# What staff are told of has no kind: there is one address, and they set it.
FOR_STAFF = {
    "change.attention", "verify.broken", "payment.taken_back", "drift.found", "payment.overdue", "payments.differ",
    "ticket.written",
}  # fmt: skip
# Where a key is written with the state of its row, these are told.
STATES = {
    "change.": {states.APPLIED, states.PARTLY_APPLIED, states.REVERSED, states.CANCELLED, states.EXPIRED, states.PARKED},
    "term.": set(SoldTerm.Status.values),
}  # fmt: skip


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def turn_off(world: World, *codes: str) -> None:
    """As an owner does: the ticks of these are taken away, and the form is sent."""
    kept = [kind.code for kind in OPTIONAL if kind.code not in codes]
    person(world.owner).post(f"{PAGE}/{world.customer.pk}", {"kind": kept})


def upgraded(world: World, web: Service) -> Change:
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    return change


def colleague(world: World, role: str) -> User:
    user = User.objects.create_user(f"{role}@example.com", "a-long-password", name=role)
    Membership.objects.create(customer=world.customer, user=user, role=role)
    return user


# --- the list is closed ---------------------------------------------------------------------------------------


def keys_in_code() -> set[str]:
    """What stands before the colon of every key that a module tell_*.py writes."""
    found = set()
    for path in Path(notices.__file__).parent.glob("tell_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            value = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
            said = value.value if isinstance(value, ast.Constant) else ""
            # A whole key, or what stands before the state of a row.
            if isinstance(said, str) and (key := re.match(r"[a-z]+\.(?:[a-z_]+:|$)", said)):
                names = STATES[key[0]] if key[0].endswith(".") else [""]
                found |= {f"{key[0]}{name}".rstrip(":") for name in names}
    return found


def test_every_mail_to_customers_has_a_kind_and_no_kind_is_of_nothing() -> None:
    sorted_in = [key for kind in KINDS for key in kind.keys]
    assert len(sorted_in) == len(set(sorted_in))
    assert keys_in_code() == set(sorted_in) | FOR_STAFF, "say in notices/kinds.py which kind of mail this is"
    assert [kind.code for kind in OPTIONAL] == ["change_done", "restart", "gift_ends", "staff_view"]


def test_what_has_no_kind_is_not_written(world: World, web: Service) -> None:
    said = {
        "to": "aiko@example.com",
        "subject": "x",
        "body": "x",
        "origin": "x",
        "customer_id": web.customer_id,
    }
    with transaction.atomic():
        for audience in (Mail.Audience.CUSTOMER, Mail.Audience.PERSON):
            with pytest.raises(LookupError, match=r"change\.sung: say in notices/kinds\.py"):
                outbox.write(key="change.sung:C-1", audience=audience, **said)
        assert outbox.write(key="change.sung:C-1", audience=Mail.Audience.STAFF, **said)
    assert kind_of("credit.booked:CN-000001").code == "money"


# --- what is turned off ---------------------------------------------------------------------------------------


def test_what_is_turned_off_is_told_in_the_portal_and_not_sent(
    world: World, web: Service, admin_client: Client
) -> None:
    aiko, seen = person(world.owner), "We write to aiko@example.com when it is done."
    waiting = world.change(web, memory=8)
    world.pay(waiting)
    assert seen in text(aiko.get(f"/changes/{waiting.reference}"))
    turn_off(world, "change_done")
    page = text(aiko.get(f"/changes/{waiting.reference}"))
    assert seen not in page
    assert "When it is done, it stands under Notifications." in page
    world.work()

    told = Mail.objects.get(key=f"change.applied:{waiting.reference}")
    assert (told.state, told.tries, told.sent_at) == ("off", 0, None)
    received = Mail.objects.get(key__startswith="payment.received")
    assert [one.subject for one in sent_mails.outbox] == [received.subject]

    assert told.subject in text(aiko.get("/notifications"))
    assert "Not sent by e-mail: it was turned off" in text(aiko.get(f"/notifications/{told.pk}"))
    assert "Not sent by e-mail" not in text(aiko.get(f"/notifications/{received.pk}"))
    assert told.subject not in text(aiko.get("/demo/mails")), (
        "the demo's mailbox has what would have been sent"
    )
    for desk in ("/staff/notices/mail/", f"/staff/notices/mail/{told.pk}/change/"):
        assert "Not sent, by the customer's choice" in words(admin_client.get(desk))
    assert not outbox.again(told.pk), "nor can staff send it"


def test_a_restart_and_the_end_of_a_gift_are_not_mailed_either(world: World, web: Service) -> None:
    turn_off(world, "restart", "gift_ends")
    world.gift(1_500, until="2026-09-30T00:00+09:00")
    world.hypervisor.change_component(web.external_id, "memory", shrink="restart")
    world.submit(world.quote(web, memory=3), may_restart=False)
    world.work()
    world.at("2026-09-23T00:00+09:00")
    world.sweep()
    world.work()
    off = Mail.objects.filter(state="off").values_list("key", flat=True)
    assert sorted(key.partition(":")[0] for key in off) == ["change.parked", "credit.ends_soon"]


def test_what_tells_of_money_is_sent_with_everything_turned_off(world: World, web: Service) -> None:
    """A change that was not paid in time, a reduction with its credit note, and an upgrade that could not be done."""
    turn_off(world, "change_done", "restart", "gift_ends")
    world.change(web, cpu=4)
    world.wait(hours=2)
    world.measure(world.reread(web))
    world.change(world.reread(web), backups=4)
    world.work()
    world.hypervisor.change_component(web.external_id, "memory", refuses="this machine type ends at 4 GB")
    upgraded(world, world.reread(web))
    told = {one.key.partition(":")[0]: one.state for one in Mail.objects.all()}
    assert told == {
        "change.applied": "off", "credit.booked": "sent", "payment.received": "sent", "change.reversed": "sent",
        "change.expired": "sent",
    }  # fmt: skip
    assert len(sent_mails.outbox) == 4


def test_it_is_decided_when_the_mail_is_written(world: World, web: Service) -> None:
    turn_off(world, "change_done")
    first = upgraded(world, web)
    turn_off(world)
    second = world.change(world.reread(web), cpu=4)
    world.pay(second)
    world.work()
    states_of = dict(Mail.objects.filter(key__startswith="change.applied").values_list("key", "state"))
    assert states_of == {
        f"change.applied:{first.reference}": "off",
        f"change.applied:{second.reference}": "sent",
    }
    Mail.objects.filter(key=f"change.applied:{second.reference}").update(state="failed", sent_at=None)
    turn_off(world, "change_done")
    assert outbox.again(Mail.objects.get(state="failed").pk), "what waits for the mail server is still sent"


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Which mails you get: http"),
        ("ja", "メールの受信設定：http"),
        ("zh-hans", "邮件接收设置：http"),
    ],
)
def test_only_what_can_be_turned_off_says_where(world: World, web: Service, language: str, line: str) -> None:
    User.objects.filter(pk=world.owner.pk).update(language=language)
    change = upgraded(world, web)
    done, received = (
        Mail.objects.get(key__startswith=key)
        for key in (f"change.applied:{change.reference}", "payment.received")
    )
    assert done.body.splitlines()[-1].startswith(line)
    assert done.body.endswith(f"{PAGE}\n")
    assert PAGE not in received.body
    html = {message.subject: message.alternatives[0][0] for message in sent_mails.outbox}
    assert re.search(rf'<p [^>]*>{line.removesuffix("http")}<a href="[^"]+{PAGE}">', html[done.subject])
    assert PAGE not in html[received.subject]


# --- the page -------------------------------------------------------------------------------------------------


def ticked(page: str) -> dict[str, bool]:
    found = re.findall(r'<input type="checkbox" name="kind" value="(\w+)"( checked)?>', page)
    return {code: bool(checked) for code, checked in found}


def test_an_owner_chooses_without_a_script(world: World, web: Service) -> None:
    aiko = person(world.owner)
    for entry in ("/notifications", "/profile"):
        assert f'<a href="{PAGE}">Which mails are sent</a>' in aiko.get(entry).content.decode()
    page = aiko.get(PAGE)
    assert ticked(page.content.decode()) == {kind.code: True for kind in OPTIONAL}
    said = text(page)
    assert "Sent to aiko@example.com" in said
    assert "A change is done What was changed, what it cost, and whether a restart is still wanted." in said
    assert "Payments and credit notes" in said.partition("Always sent")[2]
    assert page.content.decode().count('<input type="checkbox"') == len(OPTIONAL), "what is fixed has no box"
    for kind in FIXED:
        assert f"{kind.name} {kind.tells} {kind.why}" in said

    answer = aiko.post(f"{PAGE}/{web.customer_id}", {"kind": ["restart", "staff_view"]}, follow=True)
    assert "Saved. It counts for mails to aiko@example.com from now on." in text(answer)
    kept = {code for code, is_on in ticked(answer.content.decode()).items() if is_on}
    assert kept == {"restart", "staff_view"}
    deed = Deed.objects.get(what="mails.chosen")
    assert (deed.actor, deed.customer_id) == (f"user:{world.owner.pk}", web.customer_id)
    assert deed.changed == {"turned_off": [[], ["change_done", "gift_ends"]]}

    wanted = ["restart", "change_done", "staff_view"]
    aiko.post(f"{PAGE}/{web.customer_id}", {"kind": [*wanted, "money", "nonsense"]})
    assert list(TurnedOff.objects.values_list("kind", flat=True)) == ["gift_ends"]
    aiko.post(f"{PAGE}/{web.customer_id}", {"kind": wanted})
    assert Deed.objects.filter(what="mails.chosen").count() == 2, "the same again is no deed"


@pytest.mark.parametrize("role", ["technical", "billing", "reader"])
def test_others_look_and_are_told_who_can(world: World, web: Service, role: str) -> None:
    turn_off(world, "gift_ends")
    client = person(colleague(world, role))
    page = client.get(PAGE)
    said = text(page)
    assert '<form class="pad stack"' not in page.content.decode()
    assert "checkbox" not in page.content.decode()
    assert "some days before it ends. Turned off" in said
    assert said.count("Turned off") == 1
    assert f"Only an owner can change this: {world.owner}." in said
    with world.unchanged():
        refused = client.post(f"{PAGE}/{web.customer_id}", {"kind": []}, follow=True)
    assert f"Only an owner can change this: {world.owner}." in text(refused)
    Membership.objects.filter(user=world.owner).delete()
    assert "Only an owner can change this, and there is none. Ask support." in text(client.get(PAGE))


def test_another_customers_choice_is_neither_seen_nor_changed(world: World, web: Service) -> None:
    turn_off(world, "change_done")
    other, mallory = world.new_customer("Mallory & Co", "mallory@example.com")
    stranger = person(mallory)
    page = stranger.get(PAGE)
    assert "aiko@example.com" not in text(page)
    assert all(ticked(page.content.decode()).values())
    with world.unchanged():
        assert stranger.post(f"{PAGE}/{web.customer_id}", {"kind": []}).status_code == 404
        for outsider in (mallory, colleague(world, "billing")):
            with pytest.raises(Http404):
                choose(outsider, web.customer_id, [])
    stranger.post(f"{PAGE}/{other.pk}", {"kind": ["change_done"]})
    chosen = TurnedOff.objects.values_list("customer__name", "kind").order_by("pk")
    assert list(chosen) == [
        ("Tanaka Design", "change_done"), ("Mallory & Co", "gift_ends"), ("Mallory & Co", "restart"),
        ("Mallory & Co", "staff_view"),
    ]  # fmt: skip
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    assert Mail.objects.get(key__startswith="change.applied").state == "off"


def test_who_acts_for_two_customers_chooses_for_each(world: World, web: Service) -> None:
    other, _owner = world.new_customer("Mori Photo", "mori@example.com")
    Membership.objects.create(customer=other, user=world.owner, role="reader")
    page = text(person(world.owner).get(PAGE))
    assert "Sent to aiko@example.com" in page
    assert "Sent to mori@example.com" in page
    assert "Only an owner can change this: Mori Photo." in page


@pytest.mark.parametrize("language", ["ja", "zh-hans"])
def test_the_page_speaks_the_readers_language(world: World, web: Service, language: str) -> None:
    User.objects.filter(pk=world.owner.pk).update(language=language)
    page = text(person(world.owner).get(PAGE))
    with speaking("en"):
        english = [str(part) for kind in KINDS for part in (kind.name, kind.tells, kind.why) if part]
    assert [part for part in english if part in page] == []
    with speaking(language):
        assert all(str(kind.name) in page and str(kind.why) in page for kind in KINDS)


# --- the database ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"audience": "staff"}, {"audience": "person"}, {"tries": 1}, {"error": "x"}, {"state": "lost"}]
)
def test_the_database_knows_what_cannot_have_been_turned_off(
    world: World, web: Service, wrong: dict[str, object]
) -> None:
    facts = {"to": "a@example.com", "subject": "x", "body": "x", "origin": "x", "created_at": web.created_at}
    Mail.objects.create(key="right", state="off", customer_id=web.customer_id, **facts)
    with pytest.raises(IntegrityError, match="mail_"), transaction.atomic():
        Mail.objects.create(key="wrong", **{"state": "off", **facts, **wrong})


def test_what_is_always_sent_cannot_be_turned_off_below_the_page(world: World, web: Service) -> None:
    for kind in FIXED:
        with pytest.raises(IntegrityError, match="turned_off_is_optional"), transaction.atomic():
            TurnedOff.objects.create(customer=web.customer, kind=kind.code)
