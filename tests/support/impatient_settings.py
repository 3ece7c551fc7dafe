"""The settings of an installation that notices dead workers within seconds, so that tests need not wait for minutes."""

from __future__ import annotations

from prorata.config.settings import *  # noqa: F403

PROCRASTINATE_WORKER_DEFAULTS = {"update_heartbeat_interval": 0.5, "stalled_worker_timeout": 2.0}
PRORATA_STALLED_AFTER_SECONDS = 2.0
PRORATA_LEASE_SECONDS = 3.0
