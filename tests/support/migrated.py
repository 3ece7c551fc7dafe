"""A cluster whose databases are migrated already: made once for these migrations, copied for every run.

    lay_out(home)                              # into a home of EmbeddedPostgres that has no files yet
    python -m support.migrated FOLDER          # makes one: test_prorata for tests, prorata for a demo

Migrating from nothing takes longer than most files of tests, and a run does it in several places.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from prorata.config.embedded_postgres import DATABASE, OWNER, SUPERUSER, EmbeddedPostgres
from prorata.config.environment import checkout


def lay_out(home: Path) -> None:
    """Copy the migrated cluster to `home`. Where its files lie elsewhere, nothing: whoever starts it there migrates."""
    with _alone() as base:
        if (made := _made(base)) is not None:
            # Without its lock: a home that nobody holds is taken for one that a killed run left.
            shutil.copytree(made, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("lock", "log"))


def migrated() -> Path | None:
    """The folder of the stopped cluster."""
    with _alone() as base:
        return _made(base)


@contextmanager
def _alone() -> Iterator[Path]:
    """Where they are kept. Whoever of those that run side by side comes first makes it; nobody removes what is copied."""
    base = checkout() / ".prorata-test" / "migrated"
    base.mkdir(parents=True, exist_ok=True)
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield base


def _made(base: Path) -> Path | None:
    found = base / _key()
    if not found.exists():
        for old in base.glob("*/"):
            shutil.rmtree(old)
        _make(found)
    return found if (found / "data").exists() else None


def _key() -> str:
    """Other migrations, guards or packages make another cluster."""
    src, requirements = checkout() / "src" / "prorata", checkout() / "requirements"
    parts = [*src.glob("**/migrations/*.py"), src / "ledger" / "guards.py", requirements / "runtime.txt"]
    told = hashlib.sha256(os.environ.get("PRORATA_PG_BIN", "").encode())
    for part in sorted(parts):
        told.update(part.read_bytes())
    return told.hexdigest()[:16]


def _make(folder: Path) -> None:
    draft = folder.with_suffix(".new")
    environment = {**os.environ, "PYTHONPATH": str(checkout() / "tests"), "PRORATA_MODE": "test"}
    command = [sys.executable, "-W", "ignore", "-m", "support.migrated", str(draft)]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    draft.rename(folder)


def make(folder: Path) -> None:
    """Create, migrate, stop. A folder without `data` tells that the files lie elsewhere, where nobody can copy them."""
    cluster = EmbeddedPostgres(folder, throwaway=True)
    cluster.start()
    try:
        _migrate(cluster)
    finally:
        cluster.stop()
    if not (folder / "data").exists():
        cluster.remove()
        folder.mkdir()
        return
    memory = folder / "cluster.json"
    known = json.loads(memory.read_text(encoding="utf-8"))
    del known["port"]  # each copy finds one of its own
    memory.write_text(json.dumps(known), encoding="utf-8")


def _migrate(cluster: EmbeddedPostgres) -> None:
    os.environ |= {"DATABASE_URL": cluster.url(OWNER), "PRORATA_DATABASE_ROLE": "owner"}
    os.environ |= {"PRORATA_OWNER_DATABASE_URL": cluster.url(OWNER)}
    os.environ["DJANGO_SETTINGS_MODULE"] = "prorata.config.settings"
    import django
    from django.db import connection

    django.setup()
    name = connection.creation.create_test_db(verbosity=0, serialize=False)
    connection.close()
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE {DATABASE}")
        server.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE {name}")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
