"""Corrections over the desk, and the customer's credit log with its filters and its file."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prorata.credit.models import LogLine
from support.forms import problems, send, words
from support.portal import person, text
from support.world import World


@pytest.fixture(autouse=True)
def _provider(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")


def corrected(world: World, staff: Client, **typed: Any) -> Any:
    at = reverse("admin:customers_customer_correct", args=[world.customer.pk])
    wanted = {"currency": "jpy", "amount": "900", "reason": "Half a day of outage"} | typed
    return send(staff, at, **wanted)


def test_staff_correct_and_the_customer_reads_why(world: World, staff: Client) -> None:
    answer = corrected(world, staff)
    assert answer.status_code == 302, problems(answer)
    answer = corrected(world, staff, direction="take", amount="400", reason="Too much")
    assert answer.status_code == 302, problems(answer)

    page = text(person(world.owner).get("/credit"))
    assert "Corrected by our staff Half a day of outage Account credit our staff +¥900 ¥900" in page
    assert "Corrected by our staff Too much Account credit our staff −¥400 ¥500" in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": "0"}, "Write an amount above zero"),
        ({"amount": "-5"}, "Write an amount above zero"),
        ({"amount": "1.5"}, "JPY has no decimals"),
        ({"direction": "take"}, "There are 0 JPY of account credit. Take at most that."),
        ({"reason": None}, "This field is required"),
    ],
)
def test_a_mistake_is_one_clear_line(world: World, staff: Client, typed: dict[str, Any], says: str) -> None:
    answer = corrected(world, staff, **typed)
    assert answer.status_code == 200
    assert says in words(answer)
    assert not LogLine.objects.exists()


def test_one_press_is_one_correction(world: World, staff: Client) -> None:
    at = reverse("admin:customers_customer_correct", args=[world.customer.pk])
    ticket = staff.get(at).context["form"]["ticket"].value()
    typed = {"currency": "JPY", "direction": "add", "amount": "900", "reason": "once", "ticket": ticket}
    assert staff.post(at, typed).status_code == 302
    assert "was sent before" in words(staff.post(at, typed))
    assert LogLine.objects.count() == 1


def test_a_form_that_was_refused_is_corrected_and_sent_again(world: World, staff: Client) -> None:
    """There is nothing to take 900 from: the same form, with 900 given instead, is no second press."""
    at = reverse("admin:customers_customer_correct", args=[world.customer.pk])
    ticket = staff.get(at).context["form"]["ticket"].value()
    typed = {"currency": "JPY", "amount": "900", "reason": "once", "ticket": ticket}
    assert "There are 0 JPY" in words(staff.post(at, typed | {"direction": "take"}))
    assert staff.post(at, typed | {"direction": "add"}).status_code == 302
    assert "was sent before" in words(staff.post(at, typed | {"direction": "add"}))
    assert world.credit() == 900


def test_a_gift_is_taken_back_from_its_line(world: World, staff: Client) -> None:
    world.gift(1_500, until="2026-12-31T00:00+09:00")
    line = LogLine.objects.get()
    at = reverse("admin:credit_logline_undo", args=[line.pk])
    assert "Take back" in words(staff.get(reverse("admin:credit_logline_change", args=[line.pk])))
    assert "Take back 1,500 JPY of Tanaka Design" in text(staff.get(at))
    assert LogLine.objects.count() == 1, "looking takes nothing back"
    assert send(staff, at, reason="Meant for somebody else").status_code == 302
    assert world.credit() == 0
    again = send(staff, at, reason="again")
    assert "This was taken back already." in words(again)
    undone = LogLine.objects.latest("pk")
    assert "Take back" not in words(staff.get(reverse("admin:credit_logline_change", args=[undone.pk])))


def test_without_the_right_nothing_is_corrected(world: World, client: Client) -> None:
    from prorata.customers.models import User

    world.gift(100, until="2026-12-31T00:00+09:00")
    client.force_login(User.objects.create_user("new@example.com", "a-long-password", is_staff=True))
    for name, pk in (
        ("customers_customer_correct", world.customer.pk),
        ("credit_logline_undo", LogLine.objects.get().pk),
    ):
        assert client.get(reverse(f"admin:{name}", args=[pk])).status_code == 403


# --- the customer's log


@pytest.fixture
def busy(world: World, staff: Client) -> Client:
    """A gift in June; in August a reduction, and a change that spends some of both."""
    web = world.service(paid=34_188)
    world.gift(100, until="2026-12-31T00:00+09:00")
    world.at("2026-08-15T14:02+09:00")
    world.change(web, backups=4)
    world.work()
    world.change(web, snapshots=3)
    world.work()
    return person(world.owner)


def test_filters_by_kind_of_credit_by_what_happened_and_by_day(busy: Client) -> None:
    def shown(**asked: str) -> list[str]:
        page = busy.get("/credit", asked)
        return [row["what"] for row in page.context["rows"]]

    paid, reduced, gift = "Paid for a change", "Resources were reduced", "Gifted credit was added"
    assert shown() == [paid, paid, reduced, gift]
    assert shown(purse="gifted") == [paid, gift]
    assert shown(what="reduced") == [reduced]
    assert shown(since="2026-06-02") == [paid, paid, reduced]
    assert shown(until="2026-06-01") == [gift]
    assert shown(since="2026-08-15", until="2026-08-15", purse="account") == [paid, reduced]
    assert shown(purse="nonsense", what="nonsense", since="soon") == [paid, paid, reduced, gift]
    assert "Nothing in the log fits what you chose." in text(busy.get("/credit", {"until": "2026-01-01"}))


def test_the_file_has_the_filtered_rows_who_did_it_and_why(busy: Client) -> None:
    answer = busy.get("/credit.csv", {"purse": "gifted"})
    assert answer["Content-Disposition"] == 'attachment; filename="credit-log-2026-08-15.csv"'
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert [(row["What"], row["Amount"], row["Balance after"], row["By"]) for row in rows] == [
        ("Paid for a change", "-100", "0", "Tanaka Design"), ("Gifted credit was added", "100", "100", "our staff"),
    ]  # fmt: skip
    assert rows[0]["Change"].startswith("C-")
    assert rows[1]["Reason"] == "Welcome"
    assert rows[0]["When"] == "2026-08-15T14:02:00+09:00"


def test_nobody_reads_another_customers_file(world: World, busy: Client) -> None:
    _, stranger = world.new_customer("Other", "other@example.com")
    answer = person(stranger).get("/credit.csv")
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 1  # type: ignore[attr-defined]
    assert Client().get("/credit.csv").status_code == 302
