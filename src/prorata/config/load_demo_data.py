"""Makes the demo's customer, in a process of its own, and prints as JSON what to show: a word, and what to type."""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prorata.config.settings")
    import django

    django.setup()
    from prorata.config.demo_data import load

    json.dump(load(), sys.stdout)


if __name__ == "__main__":
    main()
