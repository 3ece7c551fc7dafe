"""What must be true of a machine that becomes a service, adopted or sold: every resource has a value that is priced, and
the machine really has it."""

from __future__ import annotations

from collections.abc import Mapping

from prorata.catalog.models import Product
from prorata.catalog.values import BookValues, NoPrice, Value
from prorata.provisioning.drivers.base import DriverError, Reading
from prorata.provisioning.registry import UnknownDriver
from prorata.provisioning.registry import driver as connect


class NotAsWritten(Exception):
    """One line that says what does not fit and what to do."""


def every_resource(product: Product, configuration: Mapping[str, Value]) -> None:
    """Raises NotAsWritten where a resource of the product has no value, or a value no resource."""
    codes = set(product.resource_types.values_list("code", flat=True))
    if set(configuration) != codes:
        missing, extra = sorted(codes - set(configuration)), sorted(set(configuration) - codes)
        raise NotAsWritten(
            f"Give a value for each resource. Missing: {missing or 'none'}; unknown: {extra or 'none'}."
        )


def priced(book: BookValues, configuration: Mapping[str, Value]) -> None:
    """Raises NotAsWritten where the book has no price for a value."""
    try:
        for code, value in configuration.items():
            book.monthly(code, value)
    except (NoPrice, ValueError) as problem:
        raise NotAsWritten(str(problem)) from problem


def same_on_machine(driver: str, external_id: str, configuration: Mapping[str, Value]) -> Reading:
    """Read the machine; it must have this configuration. Raises NotAsWritten."""
    try:
        read = connect(driver).read(external_id)
    except (DriverError, UnknownDriver) as problem:
        raise NotAsWritten(f"The machine {external_id} could not be read: {problem}") from problem
    for code, value in configuration.items():
        if read.configuration.get(code) != value:
            raise NotAsWritten(
                f"{code} is {read.configuration.get(code)} on the machine, not {value}. Correct one of them."
            )
    return read
