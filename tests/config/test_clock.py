"""The business clock moves only forward, in one process and across processes."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prorata import clock
from prorata.clock import Clock, HandClock, read_ahead, write_ahead
from prorata.config.clock_command import parse_duration


def test_runs_ahead_by_the_seconds_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    business = Clock(file)
    write_ahead(file, 3 * 86_400)
    ahead = business.now() - clock.machine_now()
    assert timedelta(days=3) - timedelta(seconds=5) < ahead <= timedelta(days=3)


def test_never_goes_backwards_when_the_file_is_taken_away_or_lowered(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    business = Clock(file)
    write_ahead(file, 1000)
    first = business.now()
    file.write_text("0")
    assert business.now() >= first
    file.unlink()
    assert business.now() >= first
    assert business.now() - clock.machine_now() > timedelta(seconds=900)


def test_a_lower_figure_cannot_be_written(tmp_path: Path) -> None:
    write_ahead(tmp_path / "clock", 10)
    with pytest.raises(ValueError, match="never goes backwards"):
        write_ahead(tmp_path / "clock", 9)
    assert read_ahead(tmp_path / "clock") == 10


@pytest.mark.parametrize("text", ["-1", "1.5", "soon", "", "١"])
def test_a_file_that_holds_no_whole_seconds_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^The clock file .*$") as refused:
        read_ahead(tmp_path / "clock")
    assert "\n" not in str(refused.value)


def test_a_hand_clock_stands_still_and_refuses_to_go_back() -> None:
    hand = HandClock(datetime(2025, 8, 15, tzinfo=UTC))
    assert hand.now() == hand.now() == datetime(2025, 8, 15, tzinfo=UTC)
    hand.forward(timedelta(hours=1))
    assert hand.now() == datetime(2025, 8, 15, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="backwards"):
        hand.move_to(datetime(2025, 8, 15, tzinfo=UTC))
    with pytest.raises(ValueError, match="time zone"):
        hand.move_to(datetime(2025, 8, 16))


def test_the_fixture_moves_what_every_room_asks(clock: HandClock) -> None:
    from prorata.clock import now

    assert now() == datetime(2025, 6, 1, 8, tzinfo=UTC)
    clock.forward(timedelta(days=1))
    assert now() == datetime(2025, 6, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43_200), ("3d", 259_200), ("2w", 1_209_600)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "3", "d", "0d", "-3d", "3 d", "1.5h", "9999999d", "三d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no length of time"):
        parse_duration(text)


def test_the_command_moves_the_clock_of_another_process(tmp_path: Path, prorata_command: str) -> None:
    file = tmp_path / "clock"
    environment = {"PRORATA_MODE": "test", "PRORATA_CLOCK_FILE": str(file)}
    business = Clock(file)
    before = business.now()
    subprocess.run(
        [prorata_command, "clock", "forward", "2d"], env=environment, check=True, capture_output=True
    )
    assert timedelta(days=2) <= business.now() - before < timedelta(days=2, minutes=1)


def test_the_clock_of_a_production_installation_stays(prorata_command: str, tmp_path: Path) -> None:
    environment = {"PRORATA_MODE": "production", "PRORATA_CLOCK_FILE": str(tmp_path / "clock")}
    told = subprocess.run(
        [prorata_command, "clock", "forward", "2d"], env=environment, capture_output=True, text=True
    )
    assert told.returncode == 2
    assert told.stderr == "prorata: The business clock of a production installation cannot be moved.\n"
    assert not (tmp_path / "clock").exists()
