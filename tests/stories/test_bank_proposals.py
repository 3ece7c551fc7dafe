"""Money without a usable reference: who is proposed, in which order, and why."""

from __future__ import annotations

import pytest

from prorata.changes.models import Change
from prorata.changes.pay import start_paying
from prorata.payments.bank.allocate import to_credit
from prorata.payments.bank.propose import proposals
from prorata.payments.bank.take_back import take_back
from prorata.payments.models import PaymentAttempt
from support.bank import ACTOR, Entry, bank_account, line, statement
from support.world import World


@pytest.fixture
def change(world: World) -> Change:
    web = world.web_01("2026-08-15T14:02+09:00")
    bank_account(world.seller)
    return world.submit(world.quote(web, memory=8), method="bank_transfer")


def reference(world: World, change: Change) -> str:
    start_paying(world.owner, change.invoice, "bank_transfer")
    return PaymentAttempt.objects.get().gateway_ref


def proposed(amount: int, text: str = "", name: str = "N. N.", **more: str) -> list[tuple[str, list[str]]]:
    statement(Entry(amount=amount, text=text, name=name, **more))
    return [(one.what, one.reasons) for one in proposals(line())]


def test_the_amount_that_is_due(world: World, change: Change) -> None:
    assert proposed(5_596) == [("invoice", ["exactly this amount is due"])]
    assert proposed(5_595) == []


def test_a_reference_with_a_mistake(world: World, change: Change) -> None:
    right = reference(world, change)
    wrong = right[:6] + ("A" if right[6] != "A" else "B") + right[7:]
    shown = f"{right[:4]} {right[4:8]} {right[8:]}"
    assert proposed(5_000, wrong) == [
        ("invoice", [f"one letter away from its reference {shown}", "5,596 JPY are due: it would be a part"])
    ]


def test_the_invoices_own_number_in_the_text(world: World, change: Change) -> None:
    ((what, reasons),) = proposed(5_000, f"paying {change.invoice.reference.lower()}")
    assert (what, reasons[0]) == ("invoice", f"{change.invoice.reference} stands in the text")


def test_a_name_proposes_the_invoice_and_the_account_credit(world: World, change: Change) -> None:
    found = proposed(700, name="TANAKA DESIGN KK")
    assert [what for what, _reasons in found] == ["invoice", "credit"]
    assert all("the sender's name is like Tanaka Design" in reasons for _what, reasons in found)


def test_an_account_that_paid_before(world: World, change: Change) -> None:
    statement(Entry(amount=300, text="first", account="GB33BUKB20201555555555"))
    first = to_credit(line(), world.customer, actor=ACTOR)
    found = proposed(700, account="GB33BUKB20201555555555", on="2026-08-20")
    assert ("credit", ["paid from this account before, on 2026-08-17"]) in found
    take_back(first.pk, shown_debt_minor=0, reason="not his", actor=ACTOR)
    assert proposed(701, account="GB33BUKB20201555555555", on="2026-08-21") == []


def test_from_whom_it_was_taken_back_is_not_proposed_again(world: World, change: Change) -> None:
    statement(Entry(amount=5_596, name="Tanaka Design"))
    given = to_credit(line(), world.customer, actor=ACTOR)
    take_back(given.pk, shown_debt_minor=0, reason="another Tanaka", actor=ACTOR)
    assert proposals(line()) == []


def test_who_owes_is_proposed_to_pay_his_debt(world: World, change: Change) -> None:
    statement(Entry(amount=7_000, text="x"))
    first = to_credit(line(), world.customer, actor=ACTOR)
    world.change(world.service(paid=34_188, name="web-02"), memory=8)
    spent = 7_000 - world.credit()
    take_back(first.pk, shown_debt_minor=spent, reason="not his", actor=ACTOR)
    found = dict(proposed(spent, name="Tanaka Design", on="2026-08-20"))
    assert "the sender's name is like Tanaka Design" in found["debt"]
    assert any(reason.startswith("owes ") for reason in found["debt"])


def test_everything_together_comes_first(world: World, change: Change) -> None:
    other = world.new_customer("Suzuki Works", "ken@example.com")[0]
    statement(Entry(amount=1, text="x", name="Suzuki Works", account="GB33BUKB20201555555555"))
    to_credit(line(), other, actor=ACTOR)
    found = proposed(5_596, name="Tanaka Design", account="GB33BUKB20201555555555", on="2026-08-20")
    assert found[0][0] == "invoice"
    assert len(found[0][1]) == 2
    assert len(found) == 3
