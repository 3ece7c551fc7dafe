"""Who acts for a customer: owners let people in, give roles and let people go; one who may do everything always stays."""

from __future__ import annotations

import threading
import time

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from pytest_django import Settings

from prorata.customers import people
from prorata.customers.models import Membership, User
from prorata.notices.models import Mail
from prorata.services.models import Service
from prorata.trail.models import Deed
from support.portal import person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def member(web: Service, email: str, role: str) -> Membership:
    user = User.objects.create_user(email=email, password="a password of some length")
    return Membership.objects.create(user=user, customer=web.customer, role=role)


def test_an_owner_lets_a_new_person_in(world: World, web: Service) -> None:
    aiko = person(world.owner)
    address = f"/people/of/{web.customer_id}/add"
    answer = aiko.post(
        address, {"name": "Kenji", "email": "Kenji@Example.com", "role": "technical"}, follow=True
    )
    assert "kenji@example.com may act for" in text(answer).lower()
    made = Membership.objects.get(user__email="kenji@example.com")
    assert (made.role, made.customer_id) == ("technical", web.customer_id)
    world.work()
    assert Mail.objects.filter(key=f"person.invited:{made.pk}").count() == 1
    assert not Mail.objects.filter(key__startswith="person.let_in").exists()
    deed = Deed.objects.get(what="person.let_act")
    assert (deed.actor, deed.changed) == (f"user:{world.owner.pk}", {"role": [None, "technical"]})
    twice = aiko.post(address, {"name": "Kenji", "email": "kenji@example.com", "role": "reader"})
    assert twice.status_code == 422
    assert "acts for" in text(twice)
    assert Membership.objects.get(pk=made.pk).role == "technical"


def test_somebody_known_gets_a_mail_and_the_answer_does_not_tell(world: World, web: Service) -> None:
    _customer, stranger = world.new_customer("Other", "other@example.com")
    stranger.set_password("a password of some length")
    stranger.save()
    aiko, address = person(world.owner), f"/people/of/{web.customer_id}/add"
    known = aiko.post(address, {"name": "X", "email": stranger.email, "role": "reader"}, follow=True)
    new = aiko.post(address, {"name": "X", "email": "new@example.com", "role": "reader"}, follow=True)
    said = [
        text(page).split("gets a mail about it.")[0].replace(mail, "")
        for page, mail in ((known, stranger.email), (new, "new@example.com"))
    ]
    assert said[0][-60:] == said[1][-60:]
    world.work()
    made = Membership.objects.get(user=stranger, customer=web.customer)
    assert Mail.objects.filter(key=f"person.let_in:{made.pk}", to=stranger.email).count() == 1
    assert person(stranger).get(f"/services/{web.pk}/resources").status_code == 200


def test_an_invitation_does_not_tell_whose_address_it_is(world: World, web: Service) -> None:
    """Yuki has an account for a company of her own. Aiko types her address, and reads her name when Yuki has come."""
    _company, yuki = world.new_customer("Other", "yuki@example.com")
    yuki.name = "Yuki Sato"
    yuki.save()
    person(yuki)  # she has signed in before
    aiko, kenji = person(world.owner), member(web, "kenji@example.com", "technical").user
    lets_in = {"name": "X", "email": yuki.email, "role": "owner"}
    said = [aiko.post(f"/people/of/{web.customer_id}/add", lets_in, follow=True)]
    yukis = Membership.objects.get(user=yuki, customer=web.customer)
    said += [aiko.get("/people"), aiko.get(f"/people/{yukis.pk}/let-go")]
    said.append(aiko.post(f"/people/{yukis.pk}/role", {"role": "owner"}, follow=True))
    said.append(person(kenji).get("/notifications/mails"))
    quote = world.quote(web, by=kenji, memory=8)
    said.append(person(kenji).post(f"/quotes/{quote.reference}/send", follow=True))
    for page in said:
        assert "yuki@example.com" in text(page)
        assert "Sato" not in text(page)
    person(yuki)
    assert "Yuki Sato yuki@example.com" in text(aiko.get("/people"))
    assert "Let Yuki Sato go" in text(aiko.get(f"/people/{yukis.pk}/let-go"))


def test_who_never_used_the_first_invitation_is_invited_again(world: World, web: Service) -> None:
    """Kenji let the first link run out. Another customer lets him in; then Aiko lets him go and in once more."""
    other, boss = world.new_customer("Other", "boss@example.com")
    kenji = {"name": "Kenji", "email": "kenji@example.com", "role": "reader"}
    aiko, mine = person(world.owner), f"/people/of/{web.customer_id}/add"
    aiko.post(mine, kenji)
    person(boss).post(f"/people/of/{other.pk}/add", kenji)
    world.work()
    people.let_go(
        Membership.objects.get(user__email="kenji@example.com", customer=web.customer).pk, by=world.owner
    )
    aiko.post(mine, kenji)
    world.work()
    mails = Mail.objects.filter(to="kenji@example.com").order_by("pk")
    assert [mail.key.partition(":")[0] for mail in mails] == ["person.invited"] * 3
    assert "for Tanaka Design, Other." in mails[1].body


def test_whoever_signed_up_with_a_foreign_address_gets_nothing_by_it(
    world: World, web: Service, client: Client, settings: Settings
) -> None:
    """Mallory signs up as Kenji and waits until an owner lets Kenji in and Kenji confirms what looks like his address."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    known = {"email": "kenji@example.com", "password1": "mallorys-password", "password2": "mallorys-password"}
    client.post("/accounts/signup/", known)
    person(world.owner).post(
        f"/people/of/{web.customer_id}/add", {"name": "Kenji", "email": "kenji@example.com", "role": "owner"}
    )
    world.work()
    kenji = User.objects.get(email="kenji@example.com")
    assert Mail.objects.filter(key=f"person.invited:{kenji.memberships.get().pk}").count() == 1
    EmailAddress.objects.filter(user=kenji).update(verified=True)
    client.post("/accounts/login/", {"login": "kenji@example.com", "password": "mallorys-password"})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("role", ["technical", "billing", "reader"])
def test_others_look_and_change_nothing(world: World, web: Service, role: str) -> None:
    mine = member(web, "kenji@example.com", role)
    kenji = person(mine.user)
    page = kenji.get("/people")
    assert "An owner can let people in" in text(page)
    assert "<select" not in page.content.decode()
    before = list(Membership.objects.values_list("pk", "role"))
    owner = Membership.objects.get(user=world.owner)
    for address, sent in (
        (f"/people/of/{web.customer_id}/add", {"name": "X", "email": "x@example.com", "role": "owner"}),
        (f"/people/{mine.pk}/role", {"role": "owner"}),
        (f"/people/{owner.pk}/let-go", {}),
    ):
        assert kenji.post(address, sent).status_code == 404
    assert list(Membership.objects.values_list("pk", "role")) == before


def test_a_stranger_finds_nobody(world: World, web: Service) -> None:
    _customer, stranger = world.new_customer("Other", "other@example.com")
    owner = Membership.objects.get(user=world.owner)
    page = person(stranger).get("/people")
    assert world.owner.email not in page.content.decode()
    assert person(stranger).get(f"/people/{owner.pk}/let-go").status_code == 404
    assert person(stranger).post(f"/people/{owner.pk}/role", {"role": "reader"}).status_code == 404


def test_the_last_owner_stays(world: World, web: Service) -> None:
    aiko, mine = person(world.owner), Membership.objects.get(user=world.owner)
    for answer in (
        aiko.post(f"/people/{mine.pk}/role", {"role": "reader"}, follow=True),
        aiko.post(f"/people/{mine.pk}/let-go", follow=True),
    ):
        assert "may do everything for" in text(answer)
    assert Membership.objects.get(pk=mine.pk).role == "owner"
    asleep = member(web, "asleep@example.com", "owner")
    asleep.user.is_active = False
    asleep.user.save()
    assert "may do everything for" in text(aiko.post(f"/people/{mine.pk}/let-go", follow=True))
    member(web, "kenji@example.com", "owner")
    aiko.post(f"/people/{mine.pk}/let-go")
    assert aiko.get(f"/services/{web.pk}/resources").status_code == 404, "from the next click on"


def test_a_role_is_given_and_holds_at_once(world: World, web: Service) -> None:
    other = member(web, "kenji@example.com", "reader")
    kenji, aiko = person(other.user), person(world.owner)
    assert "Upgrade / Downgrade" not in text(kenji.get(f"/services/{web.pk}/resources"))
    answer = aiko.post(f"/people/{other.pk}/role", {"role": "technical"}, follow=True)
    assert "Technical: choose changes, not pay" in text(answer)
    assert "Upgrade / Downgrade" in text(kenji.get(f"/services/{web.pk}/resources"))
    aiko.post(f"/people/{other.pk}/role", {"role": "king"})
    assert Membership.objects.get(pk=other.pk).role == "technical"
    assert Deed.objects.get(what="person.role_given").changed == {"role": ["reader", "technical"]}


def test_an_address_book_is_not_filled_by_invitations(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST", 2)
    aiko, address = person(world.owner), f"/people/of/{web.customer_id}/add"
    aiko.post(address, {"name": "A", "email": "a@example.com", "role": "reader"})
    full = aiko.post(address, {"name": "B", "email": "b@example.com", "role": "reader"})
    assert "2 people act for" in text(full)
    assert not User.objects.filter(email="b@example.com").exists()


def test_two_owners_who_let_each_other_go_at_once_leave_one(
    world: World, web: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = people._somebody_stays

    def slowly(member: Membership, role: str) -> None:
        looked(member, role)
        time.sleep(0.5)  # without the customer's lock the other one has looked too by now

    monkeypatch.setattr(people, "_somebody_stays", slowly)
    other = member(web, "kenji@example.com", "owner")
    mine = Membership.objects.get(user=world.owner)
    both, refused = threading.Barrier(2), []

    def go(pk: int, by: User) -> None:
        both.wait()
        try:
            people.let_go(pk, by=by)
        except people.LastOwner as reason:
            refused.append(str(reason))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=go, args=pair) for pair in ((other.pk, world.owner), (mine.pk, other.user))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.filter(customer=web.customer, role="owner").count() == 1
