"""The gateway is killed in the middle of payments and started again; its webhooks go to a real web server. The worker is
killed while it asks the gateway. Each payment is booked once, and each change ends applied."""

from __future__ import annotations

import pytest

from prorata.payments.checkout import PaymentUnknown
from prorata.payments.models import InboxEvent, PaymentAttempt
from support.ends_well import ends_applied
from support.killing import Site
from support.threads import Doing
from support.world import World


def test_killed_at_the_page_and_before_its_webhook(site: Site, world: World) -> None:
    """One customer stands on the payment page when it dies and pays when it is back; another has paid, and the webhook
    is still to come. Nobody returns to the portal: webhooks alone carry the news."""
    page, news = world.service(name="page"), world.service(name="news")
    world.at(world.summer)  # type: ignore[attr-defined]
    site.start_web()
    site.start_worker()
    at_the_page = world.change(page, memory=8)
    attempt = world.checkout(at_the_page)
    has_paid = world.change(news, memory=8)
    paid = world.checkout(has_paid)
    site.gateway.pay(paid.gateway_ref, mode="after", seconds=6)

    site.gateway.kill()
    assert not InboxEvent.objects.exists()
    site.gateway.start()

    site.gateway.pay(attempt.gateway_ref, mode="twice")
    for change in (at_the_page, has_paid):
        ends_applied(site, world, change)
    site.gateway.wait_delivered(str(attempt.pk))


def test_killed_while_a_checkout_is_begun(site: Site, world: World) -> None:
    """It dies with the call in its hands: the outcome is unknown, and a second payment is not begun meanwhile. Then it is
    known, and the customer pays."""
    web = world.service()
    world.at(world.summer)  # type: ignore[attr-defined]
    change = world.change(web, memory=8)
    site.gateway.fault(call="create", kind="hang", effect="after", seconds=3_600)

    begun = Doing(lambda: world.checkout(change))
    site.wait_for(lambda: len(site.gateway.calls("create")) == 1, "the call")
    site.gateway.kill()
    assert isinstance(begun.error(), PaymentUnknown)
    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.gateway_ref) == ("unknown", "")
    with pytest.raises(PaymentUnknown):
        world.checkout(change)

    site.gateway.start()
    site.start_worker()
    site.wait_for(lambda: world.reread(attempt).state == "redirected", "the sweep to find the payment")
    world.pay(change)
    ends_applied(site, world, change)
    assert PaymentAttempt.objects.count() == 1


def test_worker_killed_while_it_asks_about_a_payment(site: Site, world: World) -> None:
    """The webhook is kept, the worker has just asked the gateway for the truth, and dies. The next one asks again."""
    web = world.service()
    world.at(world.summer)  # type: ignore[attr-defined]
    site.start_web()
    site.start_worker()
    change = world.change(web, memory=8)
    attempt = world.checkout(change)
    site.gateway.fault(call="fetch", kind="hang", seconds=3_600)
    site.gateway.pay(attempt.gateway_ref, mode="before")
    site.wait_for(
        lambda: any(call["outcome"].startswith("hang") for call in site.gateway.calls("fetch")),
        "the question",
    )
    site.kill()
    site.start_worker()
    ends_applied(site, world, change)
    assert list(InboxEvent.objects.values_list("state", flat=True).distinct()) == ["done"]
