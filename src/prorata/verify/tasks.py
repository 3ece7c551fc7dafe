"""Jobs of the verify room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from prorata.verify import nightly, seal


@app.periodic(cron="* * * * *")
@app.task(name="verify.seal", queueing_lock="verify.seal")
def seal_rows(timestamp: int) -> None:
    """What was written once is sealed within a minute or two."""
    seal.seal_all()


@app.periodic(cron="43 2 * * *")
@app.task(name="verify.nightly", queueing_lock="verify.nightly")
def verify(timestamp: int) -> None:
    """The walk over the books; its result is a row, and staff are mailed when something is broken."""
    nightly.run()
