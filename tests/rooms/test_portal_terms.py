"""What a customer reads about terms: the invoice, the page of the service, its list of terms, the credit log."""

from __future__ import annotations

import pytest

from prorata.invoices.paper.content import rate, what
from prorata.services.models import Service
from support.portal import part, person, text
from support.world import World


@pytest.fixture
def web(world: World) -> Service:
    return world.web_01("2026-08-15T14:02+09:00")


def test_a_service_that_waits_says_so_and_leads_to_its_invoice(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    term = world.sell(world.wanted(months=12))
    aiko = person(world.owner)
    assert "web-01 BESTNET-CLOUD Waiting for payment" in text(aiko.get("/services"))
    page = text(aiko.get(f"/services/{term.service_id}/resources"))
    assert f"This service starts when its invoice {term.invoice} is paid." in page
    assert f"See invoice {term.invoice}" in page
    assert "Upgrade / Downgrade" not in page
    invoice = aiko.get(f"/invoices/{term.invoice.reference}")
    said = text(invoice)
    assert (
        "Memory 4 GB ¥1,800 a month, 30 % off, for 12 months 1 Jun 2026 → 1 Jun 2027 ¥15,120"
        in said.replace(" to ", " → ")
    )
    assert part(invoice, "gross") == part(invoice, "due") == "¥68,376"
    assert "The service starts when this is paid. Nothing is owed if you do not pay." in said
    line = term.invoice.lines.get(component="memory")
    assert (what(line, line.text), rate(line, "JPY", "en")) == (
        "Memory 4 GB",
        ["1,800 a month, 30\u00a0% off, for 12 months"],
    )


def test_it_is_cancelled_by_whoever_may_change(world: World) -> None:
    world.open("2026-06-01T08:00+09:00")
    term = world.sell(world.wanted(months=12))
    _customer, stranger = world.new_customer("Other", "other@example.com")
    assert person(stranger).post(f"/terms/{term.reference}/cancel").status_code == 404
    aiko = person(world.owner)
    answer = aiko.post(f"/terms/{term.reference}/cancel", follow=True)
    assert "It was cancelled. Nothing is owed." in text(answer)
    assert "Never started" in text(aiko.get("/services"))
    assert "nothing is owed" in text(aiko.get("/services"))
    again = text(aiko.post(f"/terms/{term.reference}/cancel", follow=True))
    assert "It was cancelled. Nothing is owed." in again
    paid = world.sell(world.wanted(months=1))
    world.pay(paid)
    assert f"Term {paid} is paid already." in text(aiko.post(f"/terms/{paid.reference}/cancel", follow=True))


def test_an_unpaid_renewal_says_what_it_keeps_from_happening(world: World, web: Service) -> None:
    term = world.renew(web, 6)
    aiko = person(world.owner)
    page = text(aiko.get(f"/services/{web.pk}/resources"))
    assert f"The renewal of this service waits for payment ({term.invoice})." in page
    invoice = text(aiko.get(f"/invoices/{term.invoice.reference}"))
    assert "Next term 1 Dec 2026" in invoice
    assert "until then the service cannot be changed" in invoice
    assert "Cancel this renewal" in invoice
    aiko.post(f"/terms/{term.reference}/cancel")
    assert "Upgrade / Downgrade" in text(aiko.get(f"/services/{web.pk}/resources"))


def test_two_terms_are_told_apart(world: World, web: Service) -> None:
    world.gift(35_000, until="2026-12-31T00:00+09:00")
    term = world.renew(web, 6, use_gifted=True)
    world.work()
    aiko = person(world.owner)
    page = text(aiko.get(f"/services/{web.pk}/resources"))
    assert "1 Jun" in page
    assert "next term paid until 1 Jun 2027" in page
    assert (
        "Your term ends on 1 Dec 2026, 08:00 JST, and you have paid on until 1 Jun 2027, 08:00 JST." in page
    )
    terms = aiko.get(f"/services/{web.pk}/changes")
    assert "6 months Paid INV-000001 ¥34,188" in part(terms, "terms")
    log = text(aiko.get("/credit"))
    assert "Paid for a term Renewal of web-01 for 6 months INV-000001" in log
    assert f"/invoices/{term.invoice.reference}" in aiko.get("/credit").content.decode()
    assert "Paid for a term" in aiko.get("/credit.csv").getvalue().decode()
    assert "The end date does not change: 1 Jun 2027." in text(
        aiko.get(f"/services/{web.pk}/change?memory=8")
    )


def test_the_time_to_pay_is_over(world: World, web: Service) -> None:
    term = world.renew(web, 6)
    world.at("2026-08-22T14:03+09:00")
    aiko = person(world.owner)
    said = text(aiko.get(f"/invoices/{term.invoice.reference}"))
    assert "The time to pay is over Nothing was taken; ask us for a new one." in said
    assert "Pay Now!" not in said


def test_more_than_one_period_is_told_in_words(world: World) -> None:
    """Under the rules of the period: 290 days are left, and the last paid term has 182."""
    world.open("2026-06-01T08:00+09:00")
    world.cloud.rule = "period-days"
    world.cloud.save()
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.pay(world.renew(web, 6))
    world.work()
    page = text(person(world.owner).get(f"/services/{web.pk}/change?memory=8"))
    assert "290 days; your last paid term has 182" in page
    assert "You have paid ahead: the time before your last term counts by the same measure." in page
    assert "¥12,046" in page


def test_every_page_on_the_way_to_pay_speaks_of_the_term(world: World, web: Service) -> None:
    term = world.renew(web, 6)
    page = text(person(world.owner).get(f"/invoices/{term.invoice.reference}/checkout"))
    assert "It counts when it is paid. Nothing is charged if you leave now." in page
    assert "Resources change after payment" not in page
