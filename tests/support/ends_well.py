"""The end that every killed change must come to: on the machine once, in the books once, told once."""

from __future__ import annotations

from prorata.changes.models import Change
from prorata.invoices.models import CreditNote, Layer
from prorata.ledger.models import Transfer
from prorata.notices.models import Mail
from prorata.payments.models import Capture
from prorata.provisioning.models import Job
from support.killing import Site
from support.world import World


def ends_applied(site: Site, world: World, change: Change, *, effects: int = 1) -> None:
    """Wait until the change is applied and its customer has been written to; then count what happened."""
    site.wait_for(lambda: world.reread(change).status == "applied", f"{change} to be applied")
    change, told = world.reread(change), Mail.objects.filter(origin=change.origin)
    site.wait_for(
        lambda: told.filter(state="sent").count() >= len(_told_of(change)), f"the mail about {change}"
    )
    wanted = change.quote.to_configuration
    assert world.measured(change.service) == wanted
    assert world.reread(change.service).configuration == wanted

    assert site.hypervisor.effects(change.service.external_id) == effects
    assert Job.objects.filter(origin=change.origin).count() == 1
    assert Layer.objects.filter(origin=change.origin).count() == sum(
        1 for x in change.lines.all() if x.exact > 0
    )
    assert sorted(key.partition(":")[0] for key in told.values_list("key", flat=True)) == _told_of(change)
    if change.invoice is None:
        assert CreditNote.objects.filter(origin=change.origin).count() == 1
        return
    assert change.invoice.status == "paid"
    assert Transfer.objects.filter(key=f"settle:{change.invoice.reference}").count() == 1
    attempts = list(change.invoice.attempts.filter(state="succeeded"))
    taken = [capture for attempt in attempts for capture in site.gateway.captures(str(attempt.pk))]
    booked = Capture.objects.filter(attempt__in=attempts)
    assert len(taken) == booked.count() == len(attempts) == (0 if change.invoice.received_minor == 0 else 1)
    assert Transfer.objects.filter(kind="captured", origin=change.origin).count() == len(taken)


def _told_of(change: Change) -> list[str]:
    """The mails about a change that was applied, by the kind of their keys."""
    if change.invoice is None:
        return ["change.applied", "credit.booked"]
    return ["change.applied", "payment.received"] if change.invoice.received_minor else ["change.applied"]
