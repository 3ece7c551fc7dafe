"""Pages, mails and files are written in their reader's language and zone; the desk and its mails in English."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.test import Client
from pytest_django import Settings

from prorata import clock
from prorata.catalog.models import NameInLanguage
from prorata.catalog.names import forget_names, in_language
from prorata.changes.refusals import Refusal, words
from prorata.customers.models import Membership, User
from prorata.language import speaking, zones
from prorata.notices import tasks
from prorata.notices.models import Mail
from prorata.notices.reader import reader_of
from prorata.payments.asking import PaymentRefused
from prorata.payments.checkout import start_checkout
from prorata.payments.remembered import NotOffered, remember
from prorata.portal.money import exact_money, money, name
from prorata.portal.payment_words import nothing_taken
from prorata.portal.time_zones import choices
from prorata.provisioning.drivers.kvm.sight import NEVER_SMALLER as OF_KVM
from prorata.provisioning.drivers.proxmox.looking import NEVER_SMALLER as OF_PROXMOX
from prorata.services.models import Service
from support.portal import person, text
from support.world import World


@pytest.fixture
def web(world: World, settings: Settings) -> Service:
    settings.PRORATA_STAFF_EMAIL = "desk@example.com"
    world.open("2026-06-01T08:00+09:00")
    service = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.measure(service)
    return service


def speaks(user: User, language: str, zone: str = "") -> User:
    User.objects.filter(pk=user.pk).update(language=language, time_zone=zone)
    return User.objects.get(pk=user.pk)


# --- pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "browser", "shown"),
    [
        ("", "en-GB", "en"),
        ("", "ja", "ja"),
        ("", "zh-CN", "zh-Hans"),
        ("", "fr", "en"),
        ("ja", "zh-CN", "ja"),
        ("en", "ja", "en"),
        ("fr", "ja", "ja"),
    ],
)
def test_a_page_is_in_the_language_that_was_chosen_or_else_the_browsers(
    world: World, web: Service, chosen: str, browser: str, shown: str
) -> None:
    aiko = person(speaks(world.owner, chosen))
    page = aiko.get("/services", headers={"accept-language": browser})
    assert f'<html lang="{shown}"' in page.content.decode()
    assert page["Content-Language"] == shown
    assert text(page).count({"en": "Services", "ja": "サービス", "zh-Hans": "服务"}[shown]) > 1


def test_the_switch_is_kept_by_the_browser_before_sign_in_and_with_the_person_after(
    world: World, web: Service
) -> None:
    nobody = Client()
    sent = nobody.post("/language", {"language": "ja", "next": "/accounts/login/"})
    assert (sent.status_code, sent["Location"]) == (302, "/accounts/login/")
    assert '<html lang="ja"' in nobody.get("/accounts/login/").content.decode()
    for wrong in ("fr", "", "../x"):
        nobody.post("/language", {"language": wrong})
        assert nobody.cookies["language"].value == "ja"
    assert nobody.post("/language", {"language": "en", "next": "https://evil.example"})["Location"] == "/"

    aiko = person(world.owner)
    aiko.post("/language", {"language": "zh-hans"})
    assert User.objects.get(pk=world.owner.pk).language == "zh-hans"


def language_of(user: User) -> str:
    return User.objects.get(pk=user.pk).language


@pytest.mark.parametrize(
    ("browser", "cookie", "kept"),
    [
        ("ja,en;q=0.8", "", "ja"),
        ("fr;q=0.9,zh-CN;q=0.8", "", "zh-hans"),
        ("fr,*;q=0.1", "", ""),
        ("", "", ""),
        ("ja", "zh-hans", "zh-hans"),
        ("ja", "tlh", "ja"),
    ],
)
def test_who_has_not_chosen_keeps_the_language_of_the_first_page(
    world: World, web: Service, browser: str, cookie: str, kept: str
) -> None:
    aiko = person(speaks(world.owner, ""))
    if cookie:
        aiko.cookies["language"] = cookie
    aiko.get("/services", headers={"accept-language": browser})
    assert language_of(world.owner) == kept
    if kept:
        aiko.cookies.clear()
        aiko.force_login(world.owner)
        aiko.get("/services", headers={"accept-language": "en"})
        assert language_of(world.owner) == kept, "another browser changes nothing"
        assert "As the browser says" not in aiko.get("/profile").content.decode()


def test_a_look_at_the_desk_chooses_no_language(world: World, web: Service) -> None:
    staff = User.objects.create_superuser("staff@example.com", "x")
    person(staff).get(f"/staff/services/service/{web.pk}/change/", headers={"accept-language": "ja"})
    assert language_of(staff) == ""


def test_english_that_nobody_could_choose_is_forgotten(world: World, web: Service) -> None:
    speaks(world.owner, "en")
    migration = importlib.import_module("prorata.customers.migrations.0002_person_language_and_zone")
    migration.forget_what_nobody_chose(apps, None)
    assert language_of(world.owner) == ""


def test_zones_are_offered_by_distance_and_city(world: World, web: Service) -> None:
    aiko = person(speaks(world.owner, "en"))
    page = aiko.get("/profile").content.decode()
    assert '<option value="Asia/Tokyo">Tokyo, Japan · UTC+09:00</option>' in page
    assert '<option value="Europe/Berlin">Berlin, Germany · UTC+02:00</option>' in page
    assert "Asia/Calcutta" not in page, "one place has one name"
    order = [
        page.index(f'value="{name}"') for name in ("America/New_York", "UTC", "Asia/Kolkata", "Asia/Tokyo")
    ]
    assert order == sorted(order)
    speaks(world.owner, "ja", "Asia/Calcutta")
    page = aiko.get("/profile").content.decode()
    assert '<option value="Asia/Tokyo">東京（日本） · UTC+09:00</option>' in page
    assert '<option value="Asia/Calcutta" selected>' in page, "an older name is kept as it is"
    assert "Asia/Kolkata" not in page


def test_every_zone_offered_can_be_saved(world: World, web: Service) -> None:
    offered = [name for _offset, group in choices(clock.now()) for name, _label in group]
    assert len(offered) == len(set(offered)) > 300
    assert set(offered) <= zones()


def test_a_profile_is_saved_and_what_there_is_not_is_refused(world: World, web: Service) -> None:
    aiko = person(world.owner)
    assert "Time zone" in text(aiko.get("/profile"))
    sent = aiko.post("/profile", {"name": "Aiko T.", "language": "ja", "time_zone": "Europe/Berlin"})
    assert (sent.status_code, sent["Location"]) == (302, "/profile")
    saved = User.objects.get(pk=world.owner.pk)
    assert (saved.name, saved.language, saved.time_zone) == ("Aiko T.", "ja", "Europe/Berlin")
    assert "プロフィールを保存しました。" in text(aiko.get("/profile"))
    refused = aiko.post("/profile", {"name": "x", "language": "tlh", "time_zone": "Mars/Olympus"})
    assert refused.status_code == 422
    assert User.objects.get(pk=world.owner.pk).name == "Aiko T."
    assert Client().get("/profile").status_code == 302


def test_times_are_in_the_persons_zone_and_days_stay_the_sellers(world: World, web: Service) -> None:
    aiko = person(speaks(world.owner, "en", "Europe/Berlin"))
    page = text(aiko.get(f"/services/{web.pk}/resources"))
    assert "07:02 CEST" in page
    assert "14:02 JST" not in page
    assert "1 Jun" in page
    assert "Europe/Berlin" in zones()
    # A zone that a newer list has dropped is as none.
    aiko = person(speaks(world.owner, "en", "Mars/Olympus"))
    assert "14:02 JST" in text(aiko.get(f"/services/{web.pk}/resources"))


def test_the_day_beside_a_time_is_that_of_the_readers_clock(world: World, web: Service) -> None:
    """In Tokyo it is 1 September already, in New York still August: the two are not mixed on one line."""
    aiko = person(speaks(world.owner, "en", "America/New_York"))
    world.at("2026-09-01T08:50+09:00")
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    world.measure(web)
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    done = text(aiko.get(f"/changes/{change.reference}"))
    assert "Changed at 19:5" in done
    assert "31 Aug 2026, 19:5" in done
    assert "1 Sep 2026 Before" not in done
    log = text(aiko.get("/credit"))
    assert "August 2026 31 Aug 2026, 19:5" in log
    assert "September 2026" not in log
    assert "August 2026 Change" in text(aiko.get(f"/services/{web.pk}/timeline"))
    world.at("2026-09-01T22:30+09:00")
    assert "since 31 Aug 2026, 19:5" in text(aiko.get(f"/services/{web.pk}")), "the same day in Tokyo alone"


def test_a_file_that_is_written_while_it_is_sent_is_in_the_readers_language(
    world: World, web: Service
) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    aiko = person(speaks(world.owner, "ja"))
    sent = aiko.get("/credit.csv")
    assert sent.streaming
    assert "付与クレジットを追加" in b"".join(sent.streaming_content).decode()  # type: ignore[attr-defined]


def test_the_desk_speaks_english_to_everybody(world: World, web: Service) -> None:
    staff = User.objects.create_superuser("staff@example.com", "x")
    desk = person(speaks(staff, "ja"))
    page = desk.get(f"/staff/services/service/{web.pk}/change/")
    assert page.status_code == 200
    assert page["Content-Language"] == "en"
    assert "Active" in text(page)
    assert "利用中" not in text(page)


# --- mails --------------------------------------------------------------------------------------------------


def test_a_mail_is_in_the_language_and_the_zone_of_who_reads_it(world: World, web: Service) -> None:
    speaks(world.owner, "ja", "Europe/Berlin")
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    done = Mail.objects.get(key=f"change.applied:{change.reference}")
    assert done.subject == f"web-01: Memory 4→8 GB – 完了 ({change.reference})"
    assert "web-01の変更が完了しました。" in done.body
    assert "合計" in done.body
    speaks(world.owner, "zh-hans")
    tasks.change_applied(change.pk)
    assert Mail.objects.filter(key=done.key).count() == 1, "told once, in the language of that moment"


def test_who_reads_a_customers_mail(world: World, web: Service) -> None:
    assert reader_of(world.customer.pk) == world.owner
    reader = User.objects.create_user("billing@example.com", name="B")
    Membership.objects.create(customer=world.customer, user=reader, role="billing")
    assert reader_of(world.customer.pk) == world.owner
    world.customer.email = "Billing@example.com"
    world.customer.save()
    assert reader_of(world.customer.pk) == reader
    Membership.objects.all().delete()
    assert reader_of(world.customer.pk) is None


def test_a_mail_to_staff_is_english_whatever_the_customer_reads(world: World, web: Service) -> None:
    speaks(world.owner, "ja")
    change = world.change(web, memory=8)
    world.hypervisor.change_machine(web.external_id, configuration={"memory": 6})
    world.pay(change)
    with speaking("ja"):
        world.work()
    told = Mail.objects.get(to="desk@example.com")
    assert "Needs you" in told.subject
    assert "受領しました" in Mail.objects.get(key__startswith="payment.received").subject
    assert all(letter.isascii() or not letter.isalpha() for letter in told.subject + told.body), told.body


# --- amounts and names --------------------------------------------------------------------------------------


def test_what_a_machine_keeps_is_said_in_the_readers_language(world: World) -> None:
    """Drivers speak English: what ours say is translated, what another one says is said in general words."""

    def said(reason: str) -> str:
        facts = {"name": "NVMe SSD", "floor": "100 GB", "reason": reason.rstrip(".")}
        return words(Refusal("machine_keeps", "disk", facts))

    with speaking("ja"):
        general = said("disk cannot be reduced on this machine")
        assert general == "NVMe SSDを 100 GB 未満にできません：このサーバーでは減らせません。"
        assert (
            said(OF_PROXMOX)
            == "NVMe SSDを 100 GB 未満にできません：Proxmox VE ではディスクを縮小できません。"
        )
        assert said(OF_KVM) not in (general, said(OF_PROXMOX))
        assert "smaller" not in said(OF_KVM)
    with speaking("en"):
        assert said("No.") == "NVMe SSD cannot go below 100 GB: No."
        assert said(OF_PROXMOX) == f"NVMe SSD cannot go below 100 GB: {OF_PROXMOX}"


def test_what_a_payment_service_says_in_english_is_for_readers_of_english() -> None:
    """What services often say is translated; anything else has a general word instead."""
    declined = set()
    for language in ("en", "ja", "zh-hans"):
        with speaking(language):
            english = language == "en"
            assert ("Gold cards only" in nothing_taken("Gold cards only.", "Abgelehnt.")) is english
            assert ("Abgelehnt" in nothing_taken("Gold cards only.", "Abgelehnt.")) is not english
            declined.add(nothing_taken("The card was declined.", "Abgelehnt."))
    assert len(declined) == 3
    assert not any("Abgelehnt" in one for one in declined)


def test_why_no_payment_was_begun_is_said_in_the_readers_language(world: World, web: Service) -> None:
    aiko = speaks(world.owner, "ja")
    change = world.change(web, memory=8)
    assert change.invoice is not None
    refused = person(aiko).post(f"/invoices/{change.invoice.reference}/checkout", {"method": ""})
    assert "お支払い方法を選んでください。" in text(refused)
    world.pay(change)
    with speaking("ja"), pytest.raises(PaymentRefused) as nothing_due:
        start_checkout(aiko, change.invoice, "card")
    assert str(nothing_due.value) == "この請求書にお支払いいただく金額はありません。"
    with speaking("ja"), pytest.raises(NotOffered) as unknown:
        remember(aiko, world.customer.pk, "cheque")
    assert str(unknown.value) == "このお支払い方法は利用できません。表示されている方法から選んでください。"


def test_a_sign_is_used_only_where_it_is_not_another_currencys() -> None:
    said = {}
    for code in ("en", "ja", "zh-hans"):
        with speaking(code):
            said[code] = (money(14_924, "JPY"), money(1_000, "CNY"), exact_money("65", "USD"), name("JPY"))
    assert said == {
        "en": ("¥14,924", "CNY\u00a010.00", "$65.00", "Japanese yen"),
        "ja": ("¥14,924", "CNY\u00a010.00", "$65.00", "日本円"),
        "zh-hans": ("JPY\u00a014,924", "¥10.00", "$65.00", "日元"),
    }


def test_what_is_sold_is_called_what_the_provider_wrote_for_the_language(world: World, web: Service) -> None:
    NameInLanguage.objects.create(name="Memory", language="ja", said="メモリ")
    forget_names()
    aiko = person(speaks(world.owner, "ja"))
    page = text(aiko.get(f"/services/{web.pk}/change?memory=8"))
    assert "メモリ" in page
    assert "Memory" not in page
    change = world.change(web, memory=8)
    world.pay(change)
    world.work()
    assert "メモリ 4→8 GB" in Mail.objects.get(key=f"change.applied:{change.reference}").subject
    shown = world.reread(change)
    assert shown.lines.get().name == "Memory", "the name that was sold is kept"
    assert shown.invoice.lines.get().text == "Memory 4 to 8\u00a0GB"
    page = text(aiko.get(f"/invoices/{shown.invoice.reference}"))
    assert "メモリ 4 → 8 GB" in page
    with speaking("zh-hans"):
        assert in_language("Memory") == "Memory"
    forget_names()


def test_a_document_keeps_one_text_whoever_submits(world: World, web: Service) -> None:
    with speaking("ja"):
        change = world.change(web, memory=8)
    assert change.invoice is not None
    assert [line.text for line in change.invoice.lines.all()] == ["Memory 4 to 8\u00a0GB"]
