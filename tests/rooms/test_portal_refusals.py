"""What cannot be chosen is told before the click and refused again afterwards, in the same words, changing nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prorata.changes.models import Change, Quote, SecurityEvent
from prorata.services.models import Service
from support.portal import hidden, part, person, text
from support.world import World

AS_IT_IS = {"cpu": "2", "memory": "4", "disk": "100", "backups": "7", "snapshots": "2"}
FLOOR = "NVMe SSD cannot go below 100 GB: 88.4 GB is used and 10 % must stay free."


@pytest.fixture
def web(world: World) -> Service:
    world.open("2026-06-01T08:00+09:00")
    service = world.service(usage={"memory": "2.9", "disk": "88.4"})
    world.hypervisor.add_object(service.external_id, "snapshots", "before-php8")
    world.at("2026-08-15T14:02+09:00")
    world.measure(service)
    return service


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"disk": "80"}, FLOOR),
        ({"disk": "77"}, FLOOR),
        ({"snapshots": "0"}, "Snapshot limit cannot go below 1: 1 exists (“before-php8”"),
        ({"memory": "5"}, "Memory can be 4 GB or 6 GB."),
        ({"memory": "lots"}, "Memory must be a whole number, such as 4."),
        ({"memory": "-8"}, "Memory must be a whole number, such as 4."),
        ({"memory": "8.0"}, "Memory must be a whole number, such as 4."),
        ({"memory": ""}, "Memory must be a whole number, such as 4."),
        ({"memory": "９"}, "Memory must be a whole number, such as 4."),
        ({"memory": "99999999999999999999"}, "Memory must be a whole number, such as 4."),
        ({"cpu": "17"}, "CPU cores cannot go above 16: more is not sold."),
        ({"cpu": "0"}, "CPU cores cannot go below 1: less is not sold."),
    ],
)
def test_a_value_that_cannot_be_chosen(world: World, web: Service, typed: dict[str, str], said: str) -> None:
    aiko, form = person(world.owner), {**AS_IT_IS, **typed}
    code, value = next(iter(typed.items()))
    with world.unchanged():
        for address in (f"/services/{web.pk}/estimate", f"/services/{web.pk}/change"):
            page = aiko.post(address, form)
            assert page.status_code == 422
            assert said in part(page, f"error-{code}"), "beside the field"
            assert f'value="{value}"' in page.content.decode(), "what was typed stands"
            assert "There is no price for these values." in part(page, "estimate")
        live = aiko.post(f"/services/{web.pk}/estimate", form, headers={"HX-Request": "true"})
        assert said in part(live, f"error-{code}")
    assert not Quote.objects.exists()


def test_an_option_that_is_not_sold_is_told_at_its_buttons(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    vm = world.cvm_01()
    page = person(world.owner).post(f"/services/{vm.pk}/change", {"instance_type": "none of these"})
    assert page.status_code == 422
    card = page.content.decode().partition('id="card-instance_type"')[2]
    assert 'href="#instance_type"' in page.content.decode()
    assert card.count('id="instance_type"') == 1, "what the summary leads to"
    assert '<fieldset class="card-in" aria-describedby="error-instance_type">' in card


def test_the_floor_stands_on_the_slider_with_its_reason_and_the_way_out(world: World, web: Service) -> None:
    page = person(world.owner).get(f"/services/{web.pk}/change")
    card = part(page, "card-disk")
    assert FLOOR in card
    assert "To choose 80 GB, free" in card
    assert "Lowest possible now 100 GB" in part(page, "about-disk")
    assert FLOOR in text(person(world.owner).get(f"/services/{web.pk}/resources"))


def test_nothing_changed_is_said_at_continue_only(world: World, web: Service) -> None:
    aiko = person(world.owner)
    assert "Move a slider or type a value" in part(aiko.get(f"/services/{web.pk}/change"), "estimate")
    page = aiko.post(f"/services/{web.pk}/change", AS_IT_IS)
    assert page.status_code == 422
    assert "Change at least one value to continue." in text(page)


def test_a_field_that_no_resource_has_changes_nothing(world: World, web: Service) -> None:
    form = {
        **AS_IT_IS,
        "status": "active",
        "carry": "99999",
        "version": "7",
        "gross_minor": "1",
        "price": "1",
    }
    page = person(world.owner).post(f"/services/{web.pk}/change", form)
    assert "Change at least one value to continue." in text(page)


def test_a_service_that_is_not_active(world: World, web: Service) -> None:
    Service.objects.filter(pk=web.pk).update(status="suspended", status_reason="Invoice INV-7 is overdue.")
    said = "Changes are possible when the service is Active. It is Suspended now. Invoice INV-7 is overdue."
    aiko = person(world.owner)
    resources = aiko.get(f"/services/{web.pk}/resources")
    assert said in text(resources)
    assert f'href="/services/{web.pk}/change"' not in resources.content.decode(), (
        "a reason instead of the button"
    )
    with world.unchanged():
        assert said in text(aiko.get(f"/services/{web.pk}/change"))
        refused = aiko.post(f"/services/{web.pk}/change", {**AS_IT_IS, "memory": "8"})
    assert (refused.status_code, said in text(refused)) == (422, True)


def test_a_second_open_change(world: World, web: Service) -> None:
    other = world.quote(web, cpu=4)
    first = world.change(web, memory=8)
    said = f"Change {first.reference} of this service is still open. Finish or cancel it first."
    aiko = person(world.owner)
    with world.unchanged():
        assert said in text(aiko.get(f"/services/{web.pk}/resources"))
        page = aiko.get(f"/services/{web.pk}/change")
        assert said in text(page)
        assert f"/changes/{first.reference}" in page.content.decode()
        assert aiko.post(f"/services/{web.pk}/change", {**AS_IT_IS, "memory": "6"}).status_code == 422
        assert said in part(aiko.get(f"/quotes/{other.reference}"), "stale")
        due = {"shown_due_minor": str(other.gross_minor), "method": "card"}
        refused = aiko.post(f"/quotes/{other.reference}/submit", due)
        assert (refused.status_code, said in text(refused)) == (422, True)


def test_an_expired_quote_is_renewed_by_one_click(world: World, web: Service) -> None:
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    world.clock.forward(timedelta(minutes=31))
    said = "This price was valid until 14:32"
    page = aiko.get(f"/quotes/{quote.reference}")
    assert said in part(page, "stale")
    assert 'id="submit"' not in page.content.decode()
    with world.unchanged():
        refused = aiko.post(
            f"/quotes/{quote.reference}/submit", {"shown_due_minor": str(quote.gross_minor), "method": "card"}
        )
        assert (refused.status_code, said in text(refused)) == (422, True)
    sent = aiko.post(f"/quotes/{quote.reference}/renew")
    fresh = Quote.objects.exclude(pk=quote.pk).get()
    assert sent["Location"] == f"/quotes/{fresh.reference}"
    assert "The price was renewed. It is the same as before: ¥5,596." in text(aiko.get(sent["Location"]))


def test_the_world_changed_under_a_quote(world: World, web: Service) -> None:
    aiko, old = person(world.owner), world.quote(web, memory=8)
    world.pay(world.change(web, cpu=4))
    world.work()
    said = "The service changed since this price was made. Here is the new estimate."
    page = aiko.get(f"/quotes/{old.reference}")
    assert said in part(page, "stale")
    assert f'href="/services/{web.pk}/change?memory=8"' in page.content.decode()
    with world.unchanged():
        refused = aiko.post(
            f"/quotes/{old.reference}/submit", {"shown_due_minor": str(old.gross_minor), "method": "card"}
        )
    assert (refused.status_code, said in text(refused)) == (422, True)


@pytest.mark.parametrize(
    "amount", ["0", "1", "5595", "5597", "-5596", "99999999999999999999", "", "5.596", "null"]
)
def test_a_tampered_amount(world: World, web: Service, amount: str) -> None:
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    assert quote.gross_minor == 5_596
    with world.unchanged():
        refused = aiko.post(
            f"/quotes/{quote.reference}/submit", {"shown_due_minor": amount, "method": "card"}
        )
    assert refused.status_code == 422
    assert "Look at the split again." in text(refused) or "The amount sent is not the amount quoted." in text(
        refused
    )
    assert not Change.objects.exists()
    if "not the amount quoted" in text(refused):
        assert SecurityEvent.objects.get().about == quote.reference


def test_unticking_without_asking_again_pays_nothing_unseen(world: World, web: Service) -> None:
    world.gift(1_500, until="2026-09-30T23:59+09:00")
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    review = aiko.get(f"/quotes/{quote.reference}")
    form = {"split": "1", "shown_due_minor": hidden(review, "shown_due_minor"), "method": "card"}
    with world.unchanged():
        refused = aiko.post(f"/quotes/{quote.reference}/submit", form)
    assert refused.status_code == 422
    assert part(refused, "submit") == "Submit and pay ¥5,596", "the page shows the amount that was meant"
    form["shown_due_minor"] = hidden(refused, "shown_due_minor")
    assert aiko.post(f"/quotes/{quote.reference}/submit", form).status_code == 302


def test_no_payment_method_is_not_a_guess(world: World, web: Service) -> None:
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    for method in ("", "barter"):
        with world.unchanged():
            refused = aiko.post(
                f"/quotes/{quote.reference}/submit", {"shown_due_minor": "5596", "method": method}
            )
        assert (refused.status_code, "Choose how you want to pay." in text(refused)) == (422, True)


def test_submitting_twice_is_one_change(world: World, web: Service) -> None:
    aiko, quote = person(world.owner), world.quote(web, memory=8)
    form = {"shown_due_minor": "5596", "method": "card"}
    first = aiko.post(f"/quotes/{quote.reference}/submit", form)
    assert aiko.post(f"/quotes/{quote.reference}/submit", form)["Location"] == first["Location"]
    change = Change.objects.get()
    assert aiko.get(f"/quotes/{quote.reference}")["Location"] == f"/changes/{change.reference}"


def test_when_the_machine_is_silent_only_increases_are_offered(world: World, web: Service) -> None:
    world.clock.forward(timedelta(minutes=20))
    world.hypervisor.kill()
    aiko = person(world.owner)
    assert "Usage is not known since 15 Aug 2026, 14:02 JST." in text(
        aiko.get(f"/services/{web.pk}/resources")
    )
    page = aiko.get(f"/services/{web.pk}/change")
    assert "Memory cannot be reduced now: how much is used is not known. Increases are possible." in text(
        page
    )
    assert part(aiko.post(f"/services/{web.pk}/estimate", {**AS_IT_IS, "memory": "8"}), "total") == "¥5,596"
    refused = aiko.post(f"/services/{web.pk}/estimate", {**AS_IT_IS, "memory": "3"})
    assert "Memory cannot be reduced now" in part(refused, "error-memory")
