"""Where a demo keeps its state, and the environment it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILE = "demo.env"


def checkout() -> Path:
    """The folder of the checkout, or where the command was started if Prorata is installed as a package."""
    root = Path(__file__).resolve().parents[4]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def demo_home(environ: Mapping[str, str]) -> Path:
    """Where a demo keeps its state."""
    return Path(environ.get("PRORATA_HOME") or checkout() / ".prorata").absolute()


def save_demo_environment(home: Path, values: Mapping[str, str]) -> None:
    """Keep what a running demo uses, readable by its owner alone, so that other commands reach the same demo."""
    file = home / FILE
    draft = file.with_name(f"{file.name}.new")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}={value}\n" for name, value in sorted(values.items())), encoding="utf-8")
    draft.replace(file)


def load_demo_environment(home: Path) -> dict[str, str]:
    """What the demo at `home` uses; empty if it was never started."""
    try:
        text = (home / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
