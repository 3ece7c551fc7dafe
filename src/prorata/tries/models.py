"""What was tried and how often, for all processes and hosts in one place.

Both tables are unlogged: a try costs no flush of the write-ahead log, and after a crash everybody begins anew.
"""

from __future__ import annotations

from django.db import models


class Kept(models.Model):
    """Django's cache, by which allauth counts tries to sign in and knows a one-time code that was used."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class Pace(models.Model):
    """How far ahead of the permitted pace one person is with one kind of request."""

    pk = models.CompositePrimaryKey("what", "person")
    what = models.CharField(max_length=20, help_text="a key of PRORATA_TRIES")
    # No foreign key: looking after it would write to the person's row, and wait for the disk.
    person = models.BigIntegerField()
    spent_until = models.DateTimeField(help_text="database's time; each try moves it on by its share")

    def __str__(self) -> str:
        return f"{self.what} of person {self.person} until {self.spent_until:%Y-%m-%d %H:%M:%S}"
