"""`prorata translations`: take in what the code says now, or refuse what is not translated."""

from __future__ import annotations

import argparse
import sys

from babel.messages.catalog import Catalog
from django.conf import settings

from prorata.config.translations.catalogues import LANGUAGES, po_file, update
from prorata.config.translations.check import problems
from prorata.config.translations.collect import collect


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="prorata translations", description="Keep what customers read complete in every language."
    )
    parser.add_argument(
        "what", choices=["update", "check"], help="take in the messages of the code, or find what is wrong"
    )
    wanted = parser.parse_args(arguments).what
    if not settings.configured:
        settings.configure(USE_I18N=True)  # all that the reading of a template asks for
    found = collect()
    if wanted == "update":
        _update(found)
    wrong = list(problems(found))
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(found)} messages, {len(LANGUAGES)} languages beside English, {len(wrong)} to mend.")
    return 1 if wrong else 0


def _update(found: Catalog) -> None:
    for language in LANGUAGES:
        update(found, language)
        print(f"written: {po_file(language)}")
