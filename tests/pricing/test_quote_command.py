"""`prorata quote`: files, standard input, one object a line, and bad input in one line."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import prorata.pricing
from prorata.pricing.quote_command import main

PUBLISHED: dict[str, Any] = {
    "rule": "calendar-months",
    "at": "2025-08-15T10:00:00+08:00",
    "ends_at": "2025-12-01T08:00:00+08:00",
    "zone": "Asia/Shanghai",
    "currency": "USD",
    "lines": [
        {
            "name": "instance",
            "old": "65",
            "new": "218",
            "discounts": [
                {"months": 1, "off": "0"},
                {"months": 3, "off": "0.20"},
                {"months": 6, "off": "0.30"},
            ],
        }
    ],
}


def _run(text: str, *arguments: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    status = main(list(arguments) or ["-"], io.StringIO(text), stdout, stderr)
    return status, stdout.getvalue(), stderr.getvalue()


def test_the_published_example_word_for_word() -> None:
    status, printed, complaint = _run(json.dumps(PUBLISHED))

    assert (status, complaint) == (0, "")
    answer = json.loads(printed)
    assert answer.pop("steps")[:2] == [
        "15 Aug → 15 Nov: 3 whole months",
        "15 Nov → 1 Dec: 16 of 30 days = 0.5333",
    ]
    assert answer == {
        "total": "432.48",
        "exact": "432.48000000",
        "direction": "upgrade",
        "carry": "0.00000000",
        "time_left": {
            "rule": "calendar-months",
            "whole": 3,
            "days": 16,
            "of": 30,
            "months": "3.5333",
        },
        "lines": [
            {
                "name": "instance",
                "old": "65",
                "new": "218",
                "old_factor": "0.80",
                "new_factor": "0.80",
                "amount": "432.48",
                "exact": "432.48000000",
            }
        ],
    }


def test_a_file_is_read_and_so_is_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "change.json"
    file.write_text(json.dumps(PUBLISHED), encoding="utf-8")

    assert _run("", str(file)) == _run(json.dumps(PUBLISHED), "-")


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "change.json"
    file.write_text(json.dumps(PUBLISHED), encoding="utf-8-sig")

    assert _run("", str(file))[0] == 0


def test_lines_answer_lines_and_blank_ones_are_skipped() -> None:
    one = json.dumps(PUBLISHED)
    status, printed, complaint = _run(f"\n{one}\n  \n\r\n{one}", "-", "--lines")

    assert (status, complaint) == (0, "")
    assert [json.loads(line)["total"] for line in printed.splitlines()] == ["432.48", "432.48"]


def test_at_a_bad_line_the_earlier_answers_stand() -> None:
    one = json.dumps(PUBLISHED)
    status, printed, complaint = _run(f"{one}\n\n{{}}\n{one}\n", "--lines", "-")

    assert status == 2
    assert len(printed.splitlines()) == 1
    assert complaint == "line 3: zone is missing: add it\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name a JSON file, or - to read standard input: prorata quote FILE"),
        (["no such file"], '"no such file" cannot be read: No such file or directory'),
        (["/"], '"/" cannot be read: Is a directory'),
        (["a\0b"], '"a\\u0000b" cannot be read: embedded null byte'),
        (["-", "--line\ns"], "unrecognized arguments: --line s: see prorata quote --help"),
        (["-", "another"], "unrecognized arguments: another: see prorata quote --help"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(arguments: list[str], complaint: str) -> None:
    stdout, stderr = io.StringIO(), io.StringIO()

    assert main(arguments, io.StringIO(), stdout, stderr) == 2
    assert (stdout.getvalue(), stderr.getvalue()) == ("", complaint + "\n")


def test_help_goes_to_standard_output() -> None:
    status, printed, _ = _run("", "--help")

    assert status == 0
    assert printed.startswith("usage: prorata quote [--lines] [-h] [FILE]")


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "change.json"
    file.write_bytes(b'{"name": "\xff"}')

    assert _run("", str(file)) == (2, "", "the input is not UTF-8 text: save it as UTF-8\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the input is not one JSON object: Expecting value at column 1"),
        (
            "{",
            "the input is not one JSON object: Expecting property name enclosed in double quotes at column 2",
        ),
        ("{}\n{}", "the input is not one JSON object: Extra data at line 2 column 1"),
        ("[]", "the input must be a JSON object, not []"),
        ("[" * 100_000, "the input is nested too deeply: give one flat JSON object"),
        ('{"at": NaN}', "the input holds NaN: give a number in plain digits"),
        ('{"at": 1, "at": 2}', 'the key "at" stands twice in one object: keep one'),
    ],
)
def test_what_is_not_one_json_object_is_one_line(text: str, complaint: str) -> None:
    assert _run(text) == (2, "", complaint + "\n")


def _source() -> str:
    return str(Path(prorata.pricing.__path__[0]).parents[1])


def _python(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = "import sys; from prorata.pricing.quote_command import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", command, *arguments],
        input=text.encode(),
        capture_output=True,
        env={"PYTHONPATH": _source()} | environment,
        timeout=60,
        check=False,
    )


def test_a_terminal_without_an_arrow_gets_the_same_json_escaped() -> None:
    plain = _python("-", text=json.dumps(PUBLISHED), PYTHONIOENCODING="ascii")
    full = _python("-", text=json.dumps(PUBLISHED), PYTHONIOENCODING="utf-8")

    assert b"\\u2192" in plain.stdout
    assert "→".encode() in full.stdout
    assert json.loads(plain.stdout) == json.loads(full.stdout)


def test_without_an_arrow_every_answer_of_many_is_escaped() -> None:
    written = io.BytesIO()
    stdout = io.TextIOWrapper(written, encoding="ascii")
    text = f"{json.dumps(PUBLISHED)}\n{json.dumps(PUBLISHED)}\n"

    assert main(["--lines", "-"], io.StringIO(text), stdout, io.StringIO()) == 0
    stdout.flush()
    one, other = written.getvalue().splitlines()
    assert one == other
    assert json.loads(one) == json.loads(_run(json.dumps(PUBLISHED))[1])


def test_the_complaint_comes_after_the_answers_that_stand() -> None:
    command = "import sys; from prorata.pricing.quote_command import main; sys.exit(main(sys.argv[1:]))"
    ran = subprocess.run(
        [sys.executable, "-c", command, "-", "--lines"],
        input=f"{json.dumps(PUBLISHED)}\n[]\n".encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PYTHONPATH": _source()},
        timeout=60,
        check=False,
    )

    answer, complaint = ran.stdout.decode().splitlines()
    assert json.loads(answer)["total"] == "432.48"
    assert complaint == "line 2: the input must be a JSON object, not []"
    assert ran.returncode == 2


def test_it_starts_within_three_tenths_of_a_second() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert _python("-", text=json.dumps(PUBLISHED)).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Processor time, and the best of some, because the machine may be busy with other things.
    assert min(seconds() for _ in range(4)) < 0.3


def test_it_needs_nothing_but_the_standard_library() -> None:
    listing = "import sys, prorata.pricing.quote_command as c; print(*{m.split('.')[0] for m in sys.modules})"
    bare = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {_source()!r}); {listing}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    loaded = {name for name in bare.stdout.split() if not name.startswith("_sysconfigdata")}
    assert loaded <= {*sys.stdlib_module_names, "prorata", "__main__"}
