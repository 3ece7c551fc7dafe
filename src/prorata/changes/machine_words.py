"""What drivers say, in the reader's language. They speak English: what ours say is listed here; of what is not listed, the
hypervisor's own words are quoted, marked as English."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

BUSY = re.compile(r"the machine is busy (?:with (?P<with>.+)|\((?P<lock>.+)\))")
TOO_MANY = re.compile(
    r"(?P<count>\d+) (?:of )?\S+ are stored(?:: (?P<all>.+)| \((?P<some>.+)\); delete some first)?"
)
IN_USE = re.compile(r"(?P<used>[\d.]+) of \S+ are in use(?:; at least \d+ must stay)?")
NEVER_SMALLER = re.compile(r"\S+ cannot be reduced on this machine|\S+ cannot shrink: .+")


@dataclass(frozen=True)
class Heard:
    """`words` in the reader's language; where they are not known, `quote`, which is the machine's own English."""

    words: str = ""
    quote: str = ""


def in_readers_words(said: str) -> str:
    """Why a machine keeps what it has. What is not listed is said in general words, but for English."""
    if said in (known := _kept()):
        return known[said]
    return said if (get_language() or "en").startswith("en") else _("this machine never makes it smaller")


def _kept() -> dict[str, str]:
    return {
        "Proxmox VE makes no disk smaller": _("Proxmox VE makes no disk smaller"),
        "how many are stored is not known now": _("how many are stored is not known now"),
        "A disk is not made smaller: the hypervisor would cut off what is written at its end": _(
            "A disk is not made smaller: the hypervisor would cut off what is written at its end"
        ),
    }


def busy_with(said: str) -> Heard:
    """What a machine is busy with: a lock or a task of Proxmox VE's, a job of libvirt's, a word of the sandbox's."""
    found = BUSY.fullmatch(said.strip().rstrip("."))
    what = (found["with"] or found["lock"]) if found else said.strip()
    if what.startswith("changing "):
        return Heard(_("a change of its resources"))
    known = next((words for names, words in _works() if what.lower() in names), "")
    return Heard(known) if known else Heard(quote=what)


def _works() -> list[tuple[set[str], str]]:
    return [
        ({"backup", "vzdump", "qmbackup"}, _("a backup")),
        ({"qmrestore", "restore"}, _("restoring a backup")),
        ({"snapshot", "qmsnapshot"}, _("a snapshot")),
        ({"snapshot-delete", "qmdelsnapshot"}, _("deleting a snapshot")),
        ({"rollback", "qmrollback"}, _("going back to a snapshot")),
        ({"migrate", "migration", "qmigrate", "hamigrate"}, _("a move to another host")),
        ({"clone", "qmclone"}, _("being copied")),
        ({"create", "qmcreate"}, _("being created")),
        (
            {"a copy of its disk", "disk job", "disk", "qmmove", "move_disk", "resize", "imgcopy"},
            _("work on its disk"),
        ),
        ({"start", "qmstart", "hastart", "resume", "qmresume"}, _("starting")),
        ({"restart", "reboot", "qmreboot", "qmreset"}, _("a restart")),
        ({"shutting down", "qmshutdown", "qmstop", "hastop", "stop", "shutdown"}, _("shutting down")),
        (
            {"suspending", "suspended", "qmsuspend", "qmpause", "paused", "asleep", "save"}
            | {"its memory is kept on disk until it is started"},
            _("being suspended"),
        ),
        ({"dump"}, _("a memory dump")),
        ({"qmconfig", "a change of its configuration"}, _("a change of its settings")),
        ({"crashed"}, _("a crash")),
        ({"a job", "in an unknown state"}, _("other work")),
    ]


def refused(said: str) -> Heard:
    """Why a driver did not do a step or a deletion; nothing where it gave no reason."""
    said = said.strip().rstrip(".")
    known = _kept() | {
        "the time for it was over": _("the time for it was over"),
        "given up by staff": _("our staff gave it up"),
        "the machine could not be reached in the time for it": _(
            "the machine could not be reached in the time for it"
        ),
        "this machine has no such object": _("the machine does not know it"),
        "this machine never had such an object": _("the machine does not know it"),
        "no host has room for this machine": _("no host has room for it"),
        "the operation stopped half way": _("the hypervisor stopped half way"),
    }
    if said in known or not said:
        return Heard(known.get(said, ""))
    if said.startswith("the guest does not tell"):
        return Heard(_("the machine does not tell how much of it is in use"))
    if (found := IN_USE.fullmatch(said)) is not None:
        return Heard(_("%(used)s is in use") % {"used": found["used"]})
    if (found := TOO_MANY.fullmatch(said)) is not None:
        return Heard(_stored(int(found["count"]), found["all"] or found["some"]))
    if NEVER_SMALLER.fullmatch(said):
        return Heard(_("this machine never makes it smaller"))
    return Heard(quote=said)


def _stored(count: int, names: str | None) -> str:
    if names:
        return ngettext("%(count)s is stored: %(names)s", "%(count)s are stored: %(names)s", count) % {
            "count": count,
            "names": names,
        }
    return ngettext("%(count)s is stored", "%(count)s are stored", count) % {"count": count}
