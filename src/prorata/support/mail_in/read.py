"""Read one RFC 5322 message: who sent it, what was written, which files came with it, and whether a machine sent it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser

from prorata.support.attach import Sent
from prorata.support.marker import above
from prorata.support.reply_token import read_token

# Where the address that the message was sent to may stand, the most certain first.
DELIVERED = ("X-Original-To", "Delivered-To", "Envelope-To", "To", "Cc")
BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
LEFT_OUT = frozenset({"script", "style", "head", "title"})
LINE_ENDS = frozenset({"br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3", "pre"})


@dataclass(frozen=True, kw_only=True)
class Read:
    """`ticket` and `person_id` come from the signed token; `automatic` says why a machine is thought to have sent it."""

    key: str
    sender: str
    ticket: str
    person_id: int
    text: str
    files: tuple[Sent, ...]
    automatic: str


class Unreadable(ValueError):
    """No program made this message by the rules."""


def read_message(raw: bytes) -> Read:
    """Raises Unreadable, and nothing else, whatever a stranger sends."""
    try:
        return _read(raw)
    except Exception as broken:
        # The parsers of the standard library trip over some headers, marks and depths with errors of many kinds. What is not
        # caught would come again and again: the mail server keeps what could not be taken in.
        raise Unreadable(type(broken).__name__) from broken


def _read(raw: bytes) -> Read:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    found = _token(message) or ("", 0)
    identity = _header(message, "Message-ID") or raw.hex()
    return Read(
        key=hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:40],
        sender=parseaddr(_header(message, "From"))[1].lower(), ticket=found[0], person_id=found[1],
        text=above(_text(message)), files=tuple(_files(message)), automatic=_automatic(message),
    )  # fmt: skip


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


def _token(message: EmailMessage) -> tuple[str, int] | None:
    """From the address it was sent to, or else from the subject."""
    for name in DELIVERED:
        for _name, address in getaddresses([_header(message, name)]):
            if (found := read_token(address)) is not None:
                return found
    return read_token(_header(message, "Subject"))


def _automatic(message: EmailMessage) -> str:
    """Why this is no person's answer: two machines that answer each other never end."""
    submitted = _header(message, "Auto-Submitted").split(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return f"Auto-Submitted: {submitted}"
    precedence = _header(message, "Precedence").strip().lower()
    if precedence in BULK:
        return f"Precedence: {precedence}"
    if _header(message, "Return-Path").strip() == "<>" or message.get_content_type() == "multipart/report":
        return "a delivery report"
    if _header(message, "List-Id") or _header(message, "X-Autoreply") or _header(message, "X-Autorespond"):
        return "a list or an automatic reply"
    return ""


def _text(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None or not isinstance(body, EmailMessage):
        return ""
    written = _decoded(body)
    return _plain(written) if body.get_content_type() == "text/html" else written


def _decoded(part: EmailMessage) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        written = data.decode(part.get_content_charset() or "utf-8", errors="replace")
    except LookupError:
        written = data.decode("utf-8", errors="replace")
    # Some charsets can write half of a letter, which no database keeps.
    return written.encode(errors="replace").decode()


def _files(message: EmailMessage) -> list[Sent]:
    found = []
    for part in message.iter_attachments():
        data = part.get_payload(decode=True)
        # A message inside a message has no bytes of its own; it is no file of ours either.
        found.append(
            Sent(
                name=part.get_filename() or part.get_content_type(),
                data=data if isinstance(data, bytes) else b"",
            )
        )
    return found


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in LEFT_OUT
        if tag in LINE_ENDS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(self.hidden - (tag in LEFT_OUT), 0)
        if tag in LINE_ENDS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(" ".join(data.split("\n")))


def _plain(html: str) -> str:
    """The words of a page, a line for each line; nothing of it is ever shown as HTML."""
    reader = _Words()
    reader.feed(html)
    lines = [" ".join(line.split()) for line in "".join(reader.words).splitlines()]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept)
