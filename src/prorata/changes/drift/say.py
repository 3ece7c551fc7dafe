"""A difference as one line of text, for the command and for mails."""

from __future__ import annotations

from prorata.changes.drift.models import Difference


def line_of(one: Difference) -> str:
    """web-01 (sandbox/vm-1): memory is sold as 4, invoiced as 4 and measured as 6"""
    machine = f"{one.driver}/{one.external_id}"
    where = f"{one.service} ({machine})" if one.service else machine
    if one.kind != Difference.Kind.SIZE:
        return f"{where}: {str(one.get_kind_display()).lower()}"
    sold, invoiced, measured = (
        "not known" if value is None else value for value in (one.sold, one.invoiced, one.measured)
    )
    return f"{where}: {one.component} is sold as {sold}, invoiced as {invoiced} and measured as {measured}"
