"""Every message a customer can read, as it stands in the code and the templates."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parents[2]
# gettext's own names, the lazy ones of Django, and how they are imported here.
FUNCTIONS = ("", "n", "p", "np")
KEYWORDS: dict[str, Any] = dict.fromkeys(
    ["_", "gettext_noop"] + [f"{kind}gettext{lazy}" for kind in FUNCTIONS for lazy in ("", "_lazy")]
)
# The desk and what only the provider's own people read speak English: rooms, files, and the mails to staff.
FOR_STAFF = (
    "staff/", "sandbox/", "recognition/", "verify/", "config/translations/", "catalog/drops.py",
    "changes/simulate/", "changes/replayed.py", "payments/bank/propose.py", "payments/bank/models.py",
    "notices/tell_staff.py", "notices/tell_staff_of_payments.py", "notices/tell_staff_of_drift.py", "changes/drift/",
    "support/answer.py", "support/canned.py",
    *(
        f"notices/templates/notices/{mail}.txt"
        for mail in (
            "books_broken", "drift_found", "money_taken_back", "needs_you", "payment_overdue", "payments_differ",
            "ticket_written",
        )
    ),
)  # fmt: skip
TEMPLATES = (".html", ".txt")

# A message: its words, both forms where it counts something, and its context.
Found = tuple[str | tuple[str, str], str | None]


def collect(package: Path = PACKAGE) -> Catalog:
    """All messages, each with the files it stands in; without translations."""
    catalogue = Catalog()
    for path in _files(package):
        where = path.relative_to(package).as_posix()
        for line, (message, context) in _messages(path):
            if not message or message == ("", ""):
                raise ValueError(f"{where}:{line}: an empty message has no translation. Leave it unmarked.")
            catalogue.add(message, locations=[(where, None)], context=context)  # type: ignore[list-item]
    return catalogue


def _files(package: Path) -> Iterator[Path]:
    for path in sorted(package.rglob("*")):
        where = path.relative_to(package).as_posix()
        readable = path.suffix == ".py" or (path.suffix in TEMPLATES and "templates/" in where)
        if readable and not where.startswith(FOR_STAFF) and "/migrations/" not in where:
            yield path


def _messages(path: Path) -> Iterator[tuple[int, Found]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix in TEMPLATES:
        # Django writes a template's messages as calls among crossed-out text. Indentation means nothing there.
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
    for line, function, said, _comments in extract_python(io.BytesIO(text.encode()), KEYWORDS, [], {}):
        parts: Any = said if isinstance(said, tuple) else (said,)
        yield line, _read(str(function), parts)


def _read(function: str, parts: tuple[str | None, ...]) -> Found:
    context = None
    if "pgettext" in function:
        context, parts = parts[0], parts[1:]
    message = parts[:2] if function.lstrip("_").startswith("n") else parts[:1]
    if any(part is None for part in message):
        raise ValueError(f"{function}() needs its message as plain text, not as a value: {parts}")
    return (message if len(message) == 2 else message[0]), context  # type: ignore[return-value]
