"""Which files may be sent with a message: few kinds, known by their name and by what is in them, and of limited size."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from prorata.support.models import Attachment, Content, Message
from prorata.support.refused import CannotWrite

MEGABYTE = 1_048_576
LARGEST_FILE = 5 * MEGABYTE
MOST_FILES = 5
LARGEST_MESSAGE = 10 * MEGABYTE
# By the end of the name. A file is what its content says; a name that says something else is refused.
TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "pdf": "application/pdf", "txt": "text/plain",
    "log": "text/plain",
}  # fmt: skip
ACCEPT = ",".join(f".{ending}" for ending in TYPES)
BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"%PDF-": "application/pdf"}
# What a terminal writes into a log beyond letters: tab, line ends, page ends, colours.
PLAIN_CONTROLS = frozenset("\t\n\r\f\b\x1b")
LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file as it came: its name there, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A file that may be kept."""

    name: str
    content_type: str
    data: bytes


def uploaded(files: Sequence[UploadedFile]) -> list[Sent]:
    """What a form sent, read no further than it takes to see that it is too much."""
    return [Sent(name=one.name or "", data=one.read(LARGEST_FILE + 1)) for one in files[: MOST_FILES + 1]]


def check(files: Sequence[Sent]) -> list[Checked]:
    """All of them, or CannotWrite with a sentence for each that may not be kept."""
    wrong = [found for file in files if (found := why_not(file))]
    if len(files) > MOST_FILES:
        wrong.append(
            _("At most %(most)s files go with a message. Send the others with the next one.")
            % {"most": MOST_FILES}
        )
    elif not wrong and sum(len(file.data) for file in files) > LARGEST_MESSAGE:
        wrong.append(
            _("The files are larger than %(most)s MB together. Send some of them with the next message.")
            % {"most": LARGEST_MESSAGE // MEGABYTE}
        )
    if wrong:
        raise CannotWrite(*wrong, field="files")
    return [
        Checked(name=clean_name(file.name), content_type=content_type(file) or "", data=file.data)
        for file in files
    ]


def why_not(file: Sent) -> str:
    """One sentence that says why a file may not be kept and what to do; empty where it may."""
    shown = {"name": clean_name(file.name), "most": LARGEST_FILE // MEGABYTE}
    if not file.data:
        return _("“%(name)s” is empty. Choose another file.") % shown
    if len(file.data) > LARGEST_FILE:
        return _("“%(name)s” is larger than %(most)s MB. Send a smaller one, or a part of it.") % shown
    if _ending(file.name) not in TYPES:
        return _("“%(name)s” cannot be sent. PNG, JPG, PDF, TXT and LOG files can.") % shown
    if content_type(file) is None:
        return (
            _(
                "“%(name)s” is not what its name says. Send a real PNG, JPG or PDF file, or text in UTF-8 as TXT or LOG."
            )
            % shown
        )
    return ""


def content_type(file: Sent) -> str | None:
    """What the name and the content both say the file is; None where they differ or nothing of ours is said."""
    said = TYPES.get(_ending(file.name))
    found = next((kind for begin, kind in BEGINNINGS.items() if file.data.startswith(begin)), None)
    if found is None and _is_plain_text(file.data):
        found = "text/plain"
    return said if said is not None and said == found else None


def clean_name(name: str) -> str:
    """A name without folders and without what could reach a header or a terminal."""
    last = re.split(r"[\\/]", name)[-1]
    plain = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    if len(plain) <= LONGEST_NAME:
        return plain or _("file")
    ending = PurePosixPath(plain).suffix[:10]
    return plain[: LONGEST_NAME - len(ending)] + ending


def keep(message: Message, files: Sequence[Checked]) -> None:
    """Write the files with their message, in its transaction."""
    for position, file in enumerate(files):
        facts = Attachment.objects.create(
            message=message, position=position, name=file.name, content_type=file.content_type, size=len(file.data),
            sha256=hashlib.sha256(file.data).hexdigest(),
        )  # fmt: skip
        Content.objects.create(attachment=facts, data=file.data)


def _ending(name: str) -> str:
    return clean_name(name).rpartition(".")[2].lower()


def _is_plain_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter in PLAIN_CONTROLS or not _is_control(letter) for letter in text)


def _is_control(letter: str) -> bool:
    return letter < " " or "\x7f" <= letter < "\xa0"
