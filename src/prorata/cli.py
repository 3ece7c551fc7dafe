"""The `prorata` command.

Each command imports what it needs when it runs, so that `prorata quote` starts without Django.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

Command = Callable[[list[str]], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. A mistake of the person who typed it is one line on stderr and exit status 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="prorata", description="Change the resources of a service already paid for.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, (words, _) in COMMANDS.items():
        commands.add_parser(name, help=words, add_help=False, prefix_chars="\0")
    # What follows the command is the command's own to read, its --help included.
    chosen = parser.parse_args(given[:1])
    try:
        return COMMANDS[chosen.command][1](given[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def quote(arguments: list[str]) -> int:
    from prorata.pricing.quote_command import main as quote_main

    return _status(quote_main(arguments))


def demo(arguments: list[str]) -> int:
    from prorata.config.demo_command import main as demo_main

    return demo_main(arguments)


def serve(arguments: list[str]) -> int:
    from prorata.config.processes import serve as serve_main

    return _checked(lambda: serve_main(arguments))


def worker(arguments: list[str]) -> int:
    from prorata.config.processes import worker as worker_main

    return _checked(lambda: worker_main(arguments))


def migrate(arguments: list[str]) -> int:
    # The owner's role changes the schema; the application's role could not.
    os.environ["PRORATA_DATABASE_ROLE"] = "owner"
    return manage(["migrate", *arguments])


def manage(arguments: list[str]) -> int:
    from prorata.config.processes import manage as manage_main

    return _checked(lambda: manage_main(arguments))


def sandbox_gateway(arguments: list[str]) -> int:
    from prorata.sandbox.gateway import main as gateway_main

    return _status(gateway_main(arguments))


def sandbox_hypervisor(arguments: list[str]) -> int:
    from prorata.sandbox.hypervisor import main as hypervisor_main

    return _status(hypervisor_main(arguments))


def simulate(arguments: list[str]) -> int:
    from prorata.config.processes import simulate as simulate_main

    return _checked(lambda: simulate_main(arguments))


def verify(arguments: list[str]) -> int:
    from prorata.config.processes import verify as verify_main

    return _checked(lambda: verify_main(arguments))


def drift(arguments: list[str]) -> int:
    from prorata.config.processes import drift as drift_main

    return _checked(lambda: drift_main(arguments))


def recognition(arguments: list[str]) -> int:
    from prorata.config.processes import recognition as recognition_main

    return _checked(lambda: recognition_main(arguments))


def mail_in(arguments: list[str]) -> int:
    from prorata.config.processes import mail_in as mail_in_main

    # Whatever is wrong with this installation, the mail server keeps the mail and tries again.
    return os.EX_TEMPFAIL if _checked(lambda: mail_in_main(arguments)) else 0


def clock(arguments: list[str]) -> int:
    from prorata.config.clock_command import main as clock_main

    return _checked(lambda: clock_main(arguments))


def translations(arguments: list[str]) -> int:
    from prorata.config.translations.command import main as translations_main

    return translations_main(arguments)


def version(arguments: list[str]) -> int:
    from prorata import __version__

    print(f"prorata {__version__}")
    return 0


COMMANDS: dict[str, tuple[str, Command]] = {
    "quote": ("price a change from a JSON file, with the arithmetic", quote),
    "simulate": ("what other prices or another rule would bring", simulate),
    "verify": ("prove on live data that every cent can be traced", verify),
    "drift": ("where sold, invoiced and measured sizes differ", drift),
    "recognition": ("what a month earned of what was prepaid, tied to the ledger", recognition),
    "mail-in": ("take in one mail that answers a ticket, from a mail server's pipe", mail_in),
    "demo": ("run the whole portal on this machine, with pretend money", demo),
    "serve": ("run the web server", serve),
    "worker": ("run the worker that takes jobs from the queue", worker),
    "migrate": ("bring the database up to date, as its owner", migrate),
    "manage": ("any Django command, e.g. prorata manage shell", manage),
    "sandbox-gateway": ("run the pretend payment processor (demo and test)", sandbox_gateway),
    "sandbox-hypervisor": ("run the pretend hypervisor (demo and test)", sandbox_hypervisor),
    "clock": ("move the business clock forward (demo and test), e.g. prorata clock forward 3d", clock),
    "translations": ("keep what customers read complete in every language", translations),
    "version": ("print the version", version),
}


def _status(answer: object) -> int:
    return answer if isinstance(answer, int) else 0


def _checked(run: Callable[[], int]) -> int:
    from prorata.config.environment import EnvironmentMistake

    try:
        return run()
    except EnvironmentMistake as mistake:
        for line in mistake.lines:
            print(f"prorata: {line}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
