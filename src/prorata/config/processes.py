"""The long-running processes of an installation and Django's own commands, with a checked environment."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from prorata.config.environment import Environment, EnvironmentMistake, read_environment
from prorata.config.parent import end_with_parent


def serve(arguments: list[str]) -> int:
    """Become gunicorn: processes x threads with kept connections, the fastest safe shape for this portal."""
    parser = argparse.ArgumentParser(prog="prorata serve", allow_abbrev=False)
    parser.add_argument("--bind", default="127.0.0.1:8000", help="address and port (default 127.0.0.1:8000)")
    parser.add_argument("--processes", type=int, default=2, help="web processes (default 2)")
    parser.add_argument("--threads", type=int, default=4, help="threads per process (default 4)")
    chosen = parser.parse_args(arguments)
    ready_database(read_environment())
    end_with_parent()
    command = [
        sys.executable, "-m", "gunicorn", "prorata.config.wsgi:application",
        "--no-control-socket",  # it would write into the home folder of whoever runs this
        "--worker-class", "gthread",
        "--workers", str(chosen.processes),
        "--threads", str(chosen.threads),
        "--bind", chosen.bind,
        "--graceful-timeout", "10",
        "--log-level", "warning",
    ]  # fmt: skip
    os.execv(sys.executable, command)  # noqa: S606 - no shell is the point


def worker(arguments: list[str]) -> int:
    """Take jobs from the queue until told to stop. A lock on a job keeps one service to one job at a time."""
    parser = argparse.ArgumentParser(prog="prorata worker", allow_abbrev=False)
    parser.add_argument("--concurrency", type=int, default=4, help="jobs at once (default 4)")
    parser.add_argument("--queues", default="", help="comma separated; all if left out")
    chosen = parser.parse_args(arguments)
    ready_database(read_environment())
    end_with_parent()
    given = [
        "procrastinate",
        "worker",
        "--concurrency",
        str(chosen.concurrency),
        "--fetch-job-polling-interval",
        "1",
    ]
    if chosen.queues:
        given += ["--queues", chosen.queues]
    return manage(given)


def simulate(arguments: list[str]) -> int:
    """What other prices or another rule would bring; reads the database of this environment."""
    return _reading("prorata.changes.simulate.command", arguments)


def verify(arguments: list[str]) -> int:
    """Prove that the books hold; reads the database of this environment."""
    return _reading("prorata.verify.command", arguments)


def drift(arguments: list[str]) -> int:
    """Where sold, invoiced and measured differ; reads the database of this environment."""
    return _reading("prorata.changes.drift.command", arguments)


def recognition(arguments: list[str]) -> int:
    """What a month earned of what was prepaid; reads the database of this environment."""
    return _reading("prorata.recognition.command", arguments)


def mail_in(arguments: list[str]) -> int:
    """Take in one mail that answers a ticket, from standard input."""
    return _reading("prorata.support.mail_in.command", arguments)


def _reading(command: str, arguments: list[str]) -> int:
    """Run `main` of the module named, on the database of this environment; one clear line where that cannot be read."""
    environment = read_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prorata.config.settings")
    import django
    from django.db import OperationalError, ProgrammingError

    django.setup()
    try:
        return int(import_module(command).main(arguments))
    except OperationalError as problem:
        raise EnvironmentMistake([unreachable(environment, problem)]) from None
    except ProgrammingError as problem:
        raise EnvironmentMistake([_older(problem)]) from None


def manage(arguments: list[str]) -> int:
    """Any Django command."""
    environment = read_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prorata.config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(["prorata manage", *arguments])
    except OperationalError as problem:
        raise EnvironmentMistake([unreachable(environment, problem)]) from None
    return 0


def ready_database(environment: Environment) -> None:
    """Refuse to start against a database that does not answer."""
    import psycopg

    try:
        psycopg.connect(environment.database.url(), connect_timeout=5).close()
    except psycopg.OperationalError as problem:
        raise EnvironmentMistake([unreachable(environment, problem)]) from None


def _older(problem: Exception) -> str:
    reason = " ".join(str(problem).split())
    return f"The database is not of this version: run `prorata migrate` first. (PostgreSQL says: {reason})"


def unreachable(environment: Environment, problem: Exception) -> str:
    """One line for a database that cannot be used, with PostgreSQL's own reason."""
    database = environment.database
    reason = " ".join(str(problem).split())
    way_out = (
        "unset DATABASE_URL to use the embedded one" if environment.mode == "demo" else "correct DATABASE_URL"
    )
    where = f"{database.host}:{database.port}/{database.name}"
    return f"The database at {where} does not answer. Start it, or {way_out}. (PostgreSQL says: {reason})"
