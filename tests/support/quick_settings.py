"""The settings of an installation that hashes passwords in no time, for a test that tries many."""

from __future__ import annotations

from prorata.config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
