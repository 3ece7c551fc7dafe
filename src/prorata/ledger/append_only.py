"""Money facts are written once. The model says so here; PostgreSQL says so with a trigger and with missing privileges."""

from __future__ import annotations

from django.db import models


class AppendOnly(models.Model):
    """Rows that are inserted and never changed: a correction is another row that points back.

    The guard itself lives in the database (`prorata.ledger.guards`): a trigger refuses UPDATE, DELETE and TRUNCATE,
    and the application's role holds neither privilege. This class only marks the models and gives a readable refusal.
    """

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} rows are never changed; add a row that corrects this one")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise TypeError(f"{type(self).__name__} rows are never deleted; add a row that corrects this one")
