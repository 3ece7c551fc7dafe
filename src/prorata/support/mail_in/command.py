"""`prorata mail-in`: one message on standard input, as a mail server pipes it."""

from __future__ import annotations

import argparse
import logging
import sys

from prorata.support.mail_in.take_in import LARGEST_MAIL, Later, NotTaken, take_in

log = logging.getLogger(__name__)
TAKEN, TRY_LATER = 0, 75  # the second is EX_TEMPFAIL of sysexits.h: the mail server keeps the message
READ_AT_ONCE = 65_536


def main(arguments: list[str]) -> int:
    """Exit status 0: taken, or dropped with a line in the log. 75: the mail server must try again later."""
    parser = argparse.ArgumentParser(
        prog="prorata mail-in", description="Take in one mail that answers a ticket, from standard input.",
        allow_abbrev=False,
    )  # fmt: skip
    parser.parse_args(arguments)
    raw = sys.stdin.buffer.read(LARGEST_MAIL + 1)
    while sys.stdin.buffer.read(READ_AT_ONCE):
        pass  # a pipe that is not read to its end looks like a failure to the mail server
    try:
        message = take_in(raw)
    except NotTaken as why:
        log.warning("a mail was dropped: %s", why)
        return TAKEN
    except Later as why:
        log.warning("a mail must wait: %s", why)
        return TRY_LATER
    except Exception:  # a status that mail servers do not know would send the mail back to a customer
        log.exception("a mail could not be taken in")
        return TRY_LATER
    log.info("a mail became message %s of ticket %s", message.pk, message.ticket.reference)
    return TAKEN
