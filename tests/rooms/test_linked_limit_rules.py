"""Linked limits in the desk: what staff write, and which rules cannot stand together."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product as every

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import CheckViolation, UniqueViolation

from pricing.sizes import examples
from prorata.catalog.links import Link, never_possible
from prorata.catalog.models import LinkedLimit, Product, ResourceType
from prorata.clock import HandClock
from prorata.invoices.models import Seller
from support.attacks import Attack, attack, copy_refused, everybody, refused
from support.forms import send, words

__all__ = ["attack"]


@pytest.fixture
def product(db: None, clock: HandClock) -> Product:
    clock.move_to(datetime(2026, 6, 1, 8, tzinfo=UTC))
    Seller.objects.create(code="s", name="Seller", zone="Asia/Tokyo")
    return made()


def made() -> Product:
    product = Product.objects.create(code="box", name="Box")
    for position, (code, unit) in enumerate((("cpu", ""), ("memory", "GB"))):
        ResourceType.objects.create(
            product=product, code=code, name=code.title(), unit=unit, steps=[1, 2, 4, 8, 16], minimum=1, maximum=16,
            position=position,
        )  # fmt: skip
    kind = ResourceType.objects.create(product=product, code="vm", name="VM", kind="option", position=2)
    for code in ("small", "large"):
        kind.options.create(code=code, name=code.title())
    return product


def add(staff: Client, product: Product, n: int = 0, **typed: object) -> str:
    """Write rule number n on the product page: empty, or what the page says is wrong."""
    address = reverse("admin:catalog_product_change", args=[product.pk])
    answer = send(staff, address, **{f"linked_limits-{n}-{name}": value for name, value in typed.items()})
    return "" if answer.status_code == 302 else words(answer)


def ids(product: Product) -> tuple[int, int, int]:
    cpu, memory, vm = product.resource_types.values_list("pk", flat=True)
    return cpu, memory, vm


def test_a_rule_is_written_on_the_product_page(staff: Client, product: Product) -> None:
    cpu, memory, vm = ids(product)
    assert add(staff, product, resource_type=cpu, at_least=8, needs=memory, minimum=8) == ""
    large = product.resource_types.get(code="vm").options.get(code="large")
    assert add(staff, product, 1, resource_type=vm, option=large.pk, needs=memory, minimum=4) == ""
    assert [row.link() for row in product.linked_limits.all()] == [
        Link(of="cpu", at_least=8, needs="memory", minimum=8),
        Link(of="vm", option="large", needs="memory", minimum=4),
    ]


def test_a_new_product_has_no_rules_yet(staff: Client, product: Product) -> None:
    assert "Linked limits" not in words(staff.get(reverse("admin:catalog_product_add")))
    assert "Linked limits" in words(staff.get(reverse("admin:catalog_product_change", args=[product.pk])))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"minimum": 3}, "Memory is not sold as 3. Choose a value that is."),
        ({"at_least": 3}, "Write a value that Cpu is sold in."),
        ({"at_least": ""}, "Write a value that Cpu is sold in."),
        ({"needs": "cpu"}, "A resource cannot need more of itself. Choose another."),
        ({"resource_type": "vm"}, "Choose one of the options of VM."),
        ({"option": "large"}, "Cpu is a quantity and has no options. Empty this."),
    ],
)
def test_a_mistake_in_a_rule_is_one_clear_line(
    staff: Client, product: Product, wrong: dict[str, object], says: str
) -> None:
    cpu, memory, vm = ids(product)
    names = {
        "cpu": cpu,
        "vm": vm,
        "large": product.resource_types.get(code="vm").options.get(code="large").pk,
    }
    typed = {"resource_type": cpu, "at_least": 8, "needs": memory, "minimum": 8, **wrong}
    assert says in add(staff, product, **{key: names.get(str(value), value) for key, value in typed.items()})
    assert not LinkedLimit.objects.exists()


def test_the_resources_of_another_product_are_not_offered(staff: Client, product: Product) -> None:
    cpu, memory, _vm = ids(product)
    other = Product.objects.create(code="other", name="Other")
    strange = ResourceType.objects.create(product=other, code="cpu", name="Cpu", minimum=1, maximum=16)
    typed = {"at_least": 8, "minimum": 8}
    assert "Select a valid choice" in add(staff, product, resource_type=strange.pk, needs=memory, **typed)
    rule = LinkedLimit(product=product, resource_type=strange, needs_id=memory, at_least=8, minimum=8)
    with pytest.raises(ValidationError, match="Both resources belong to this product"):
        rule.clean()
    vm = product.resource_types.get(code="vm")
    rule = LinkedLimit(product=product, resource_type_id=cpu, needs=vm, at_least=8, minimum=8)
    with pytest.raises(ValidationError, match="Only a quantity can be needed"):
        rule.clean()


def test_rules_that_shut_a_value_out_are_refused(staff: Client, product: Product) -> None:
    cpu, memory, _vm = ids(product)
    assert add(staff, product, resource_type=cpu, at_least=8, needs=memory, minimum=8) == ""
    said = add(staff, product, 1, resource_type=memory, at_least=8, needs=cpu, minimum=16)
    assert "Cpu 8 could never be chosen under these rules together. Take one of them back." in said
    assert add(staff, product, 1, resource_type=memory, at_least=8, needs=cpu, minimum=8) == ""


def test_what_a_rule_speaks_of_stays_on_sale(staff: Client, product: Product) -> None:
    cpu, memory, _vm = ids(product)
    add(staff, product, resource_type=cpu, at_least=8, needs=memory, minimum=4)
    address = reverse("admin:catalog_product_change", args=[product.pk])
    for n, value in ((0, 8), (1, 4)):
        steps = ", ".join(str(step) for step in (1, 2, 4, 8, 16) if step != value)
        answer = send(staff, address, **{f"resource_types-{n}-steps": steps})
        assert f"A linked limit speaks of {value}. Remove that rule first." in words(answer)
    kind = {"resource_types-1-kind": "option", "resource_types-1-options_text": "a = A"}
    assert "A linked limit speaks of it as it is." in words(send(staff, address, **kind))
    assert send(staff, address, **{"linked_limits-0-DELETE": "on"}).status_code == 302
    assert send(staff, address, **{"resource_types-0-steps": "1, 2, 4, 16"}).status_code == 302


def test_impossible_rules_are_refused_by_the_tables(attack: Attack, transactional_db: None) -> None:
    product = made()
    cpu, memory, vm = product.resource_types.all()
    LinkedLimit.objects.create(product=product, resource_type=cpu, needs=memory, at_least=8, minimum=8)
    option = vm.options.first()
    assert option
    for sql in everybody(attack):
        copy_refused(sql, UniqueViolation, "catalog_linkedlimit", minimum=4)
        table = "UPDATE catalog_linkedlimit SET"
        refused(sql, CheckViolation, f"{table} needs_id = resource_type_id", (), "linked_limit_of_another")
        refused(sql, CheckViolation, f"{table} option_id = {option.pk}", (), "linked_limit_has_one_reason")
        refused(sql, CheckViolation, f"{table} at_least = NULL", (), "linked_limit_has_one_reason")
        refused(sql, CheckViolation, f"{table} minimum = 0", (), "linked_limit_asks_something")


# --- which rules can stand together ---

VALUES: dict[str, list[int | str]] = {"a": [1, 2, 4], "b": [1, 2, 4], "c": [1, 2, 4], "o": ["x", "y"]}
numbers = st.sampled_from("abc")
amounts = st.sampled_from([1, 2, 4])
counted = st.builds(Link, of=numbers, at_least=amounts, needs=numbers, minimum=amounts)
chosen = st.builds(Link, of=st.just("o"), option=st.sampled_from("xy"), needs=numbers, minimum=amounts)


@examples(300, 20_000)
@given(st.lists(counted | chosen, max_size=6))
def test_a_value_is_shut_out_exactly_if_no_configuration_has_it(rules: list[Link]) -> None:
    """Against trying every configuration there is."""
    rules = [rule for rule in rules if rule.of != rule.needs]
    codes = list(VALUES)
    kept = [
        found
        for found in (dict(zip(codes, values, strict=True)) for values in every(*VALUES.values()))
        if all(not rule.applies(found[rule.of]) or int(found[rule.needs]) >= rule.minimum for rule in rules)
    ]
    shut = {
        (c, value) for c, sold in VALUES.items() for value in sold if not any(one[c] == value for one in kept)
    }
    found = never_possible(rules, VALUES)
    assert found in shut if shut else found is None
