"""Vouchers and their uses attacked with raw SQL, by the application's role and by the owner."""

from __future__ import annotations

import pytest
from psycopg.errors import CheckViolation, RestrictViolation, UniqueViolation

from prorata.changes.models import Change
from prorata.credit.models import VoucherUse
from support.attacks import Attack, attack, copy_refused, everybody, is_refused, refused, triggers_asleep
from support.world import World

__all__ = ["attack"]
AT = "2026-08-15 05:02:00+00"
MOVES = {"held": {"used", "released"}, "used": {"released"}, "released": set[str]()}
FACTS = {
    "held": "state = 'held', used_at = NULL, released_at = NULL",
    "used": f"state = 'used', used_at = '{AT}', released_at = NULL",
    "released": f"state = 'released', released_at = '{AT}'",
}


@pytest.fixture
def unpaid(world: World) -> Change:
    world.open("2026-06-01T08:00+09:00")
    web = world.service(paid=34_188)
    world.at("2026-08-15T14:02+09:00")
    world.voucher()
    return world.change(web, voucher="SUMMER", memory=8)


def test_the_terms_of_a_voucher_are_written_once(world: World, unpaid: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        for change in (
            "amount_minor = 9000", "off = 0.5, amount_minor = NULL", "code = 'OTHER'", "currency = 'USD'",
            "minimum_spend_minor = 5", "components = '[\"cpu\"]'", "expires_at = now() + interval '9 years'",
            f"customer_id = {world.customer.pk}", "max_uses = 1000", "max_uses_per_customer = NULL", "name = 'Other'",
        ):  # fmt: skip
            refused(sql, RestrictViolation, f"UPDATE credit_voucher SET {change}", says="never change")
        refused(sql, RestrictViolation, "DELETE FROM credit_voucher", says="never deleted")
        assert is_refused(sql, "UPDATE credit_voucher SET withdrawn_at = now()") is None


def test_the_products_of_a_voucher_are_written_with_it(world: World, unpaid: Change, attack: Attack) -> None:
    """2026-11-26: without its products a voucher is for all of them, so none may go, and none may be put to them later."""
    of_cloud = world.voucher("CLOUD", products=[world.cloud])
    assert list(of_cloud.products.all()) == [world.cloud]
    for sql in everybody(attack):
        refused(sql, RestrictViolation, "DELETE FROM credit_voucher_products", says="append-only")
        refused(
            sql,
            RestrictViolation,
            f"UPDATE credit_voucher_products SET product_id = {world.vm.pk}",
            says="append-only",
        )
        refused(
            sql, RestrictViolation,
            f"INSERT INTO credit_voucher_products (voucher_id, product_id) VALUES ({of_cloud.pk}, {world.vm.pk})",
            says="issued already",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("says", "values"),
    [
        ("code_is_plain", {"code": "no spaces"}),
        ("takes_off_an_amount_or_a_part", {"off": "0.1"}),
        ("takes_off_an_amount_or_a_part", {"amount_minor": 0}),
        ("takes_off_an_amount_or_a_part", {"amount_minor": None, "off": "1.5"}),
        ("amounts_have_a_currency", {"currency": ""}),
        ("limits_in_range", {"minimum_spend_minor": -1}),
        ("voucher_lasts", {"expires_at": "2020-01-01"}),
    ],
)
def test_a_voucher_makes_sense(unpaid: Change, attack: Attack, says: str, values: dict[str, object]) -> None:
    for sql in everybody(attack):
        copy_refused(sql, CheckViolation, "credit_voucher", says=says, **({"code": "ANOTHER"} | values))


def test_a_use_stays_what_it_was(unpaid: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        for change in ("amount_minor = 1", "origin = 'change:other'", "held_at = now()", "currency = 'USD'"):
            refused(sql, RestrictViolation, f"UPDATE credit_voucheruse SET {change}", says="never change")
        refused(sql, RestrictViolation, "DELETE FROM credit_voucheruse", says="never deleted")
        copy_refused(sql, UniqueViolation, "credit_voucheruse")
        copy_refused(
            sql, CheckViolation, "credit_voucheruse", says="positive", amount_minor=0, origin="another"
        )
        refused(
            sql, CheckViolation, "UPDATE credit_voucheruse SET state = 'used'", says="state_matches_facts"
        )


def test_a_use_moves_along_its_states_only(unpaid: Change, attack: Attack) -> None:
    assert set(MOVES) == set(VoucherUse.State)
    with attack("eraser") as sql:
        for source in MOVES:
            for target in MOVES.keys() - {source}:
                with triggers_asleep(sql):
                    sql.execute(f"UPDATE credit_voucheruse SET {FACTS[source]}")
                error = is_refused(sql, f"UPDATE credit_voucheruse SET {FACTS[target]}")
                assert (error is None) == (target in MOVES[source]), (source, target, error)
                sql.rollback()


def test_whose_discount_is_in_an_invoice_never_changes(unpaid: Change, attack: Attack) -> None:
    for sql in everybody(attack):
        refused(sql, RestrictViolation, "UPDATE invoices_invoice SET voucher_code = ''", says="never change")
        refused(sql, Exception, "UPDATE invoices_invoiceline SET discount_minor = 0")
        copy_refused(
            sql,
            CheckViolation,
            "invoices_invoiceline",
            says="adjusted_in_range",
            discount_minor=-1,
            position=9,
        )
