"""Puts the points of support/dying.py into a worker, as soon as its models are there."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig


class Dying(AppConfig):
    name = "support.dying_app"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        from support.dying import install

        install()
