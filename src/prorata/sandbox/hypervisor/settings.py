"""What the control API can set for the whole process; each value stays until it is set again."""

from __future__ import annotations

from typing import Any

from prorata.sandbox.problem import flag, seconds

DEFAULTS: dict[str, Any] = {"step_seconds": 0, "latency_seconds": 0, "down": False}
CHECKS: dict[str, Any] = {"step_seconds": seconds, "latency_seconds": seconds, "down": flag}
