"""`prorata quote FILE|- [--lines]`: price changes from JSON, without settings or a database."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn, TextIO

from .errors import BadInput
from .quote_json import quote

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_DESCRIPTION = "Price a change of a running term from JSON and print the answer as JSON, with its arithmetic."


def main(
    argv: Sequence[str],
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run the command on the arguments after `quote`. Returns 0, or 2 after one line on `stderr` for bad
    input."""
    stdin, stdout, stderr = stdin or sys.stdin, stdout or sys.stdout, stderr or sys.stderr
    try:
        options = _parser().parse_args(list(argv))
        if options.help:
            stdout.write(_parser().format_help())
            return 0
        if options.file is None:
            raise BadInput("name a JSON file, or - to read standard input: prorata quote FILE")
        with _opened(options.file, stdin) as source:
            if options.lines:
                _quote_lines(source, stdout)
            else:
                _print(stdout, quote(_text(source.read())), indent=2)
    except BadInput as bad:
        # What was printed before the mistake stands, and stands before it.
        stdout.flush()
        stderr.write(f"{bad}\n")
        return 2
    return 0


def _quote_lines(source: Iterable[bytes | str], stdout: TextIO) -> None:
    for number, line in enumerate(source, start=1):
        try:
            text = _text(line).strip()
            if text:
                _print(stdout, quote(text))
        except BadInput as bad:
            raise BadInput(f"line {number}: {bad}") from None


@contextmanager
def _opened(name: str, stdin: TextIO) -> Iterator[IO[Any]]:
    """The named file, or standard input, as bytes where they are to be had: the input is UTF-8 in every
    locale."""
    if name == "-":
        yield getattr(stdin, "buffer", stdin)
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - only a failure to open is the caller's mistake
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{json.dumps(name)} cannot be read: {reason}") from None
    with file:
        yield file


def _text(content: bytes | str) -> str:
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadInput("the input is not UTF-8 text: save it as UTF-8") from None


def _print(stdout: TextIO, answer: dict[str, Any], indent: int | None = None) -> None:
    text = (
        _ENCODER.encode(answer) if indent is None else json.dumps(answer, ensure_ascii=False, indent=indent)
    )
    try:
        stdout.write(f"{text}\n")
    except UnicodeEncodeError:
        # A terminal that has no arrow (then nothing was written) still gets the same JSON, escaped.
        stdout.write(f"{json.dumps(answer, indent=indent)}\n")


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{' '.join(message.split())}: see prorata quote --help")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="prorata quote", description=_DESCRIPTION, add_help=False, allow_abbrev=False
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="a JSON file, or - for standard input")
    parser.add_argument("--lines", action="store_true", help="one JSON object a line, one answer a line")
    parser.add_argument("-h", "--help", action="store_true", help="show this help")
    return parser
