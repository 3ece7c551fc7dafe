"""Less for a service that is paid already, and credit for the rest of the term."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from prorata.guides.guide import Box, Guide, Step

DOWNGRADE = Guide(
    slug="downgrade",
    title=_("Reduce a service and receive credit"),
    about=_(
        "Less of something that you have paid for. What you paid for the unused rest of the term becomes account credit, not a "
        "refund to your card; the end of the term stays where it is."
    ),
    updated=date(2026, 11, 26),
    release=1,
    asks=("signed_in", "active"),
    related=("upgrade",),
    steps=(
        Step(
            key="lowest",
            show="resources",
            boxes=(Box(1, ".tbl thead th:nth-child(4)"), Box(2, '[data-guide="resources.change-button"]')),
            text=_(
                "“Lowest possible now” (1) says how far each resource can go down and why: what is in use, and which backups and "
                "snapshots are stored. Press “Upgrade / Downgrade” (2)."
            ),
        ),
        Step(
            key="free",
            show="change",
            boxes=(Box(3, '[data-block="floor"]'),),
            text=_(
                "What keeps a slider from going lower stands below it (3), with how much to free and a link to what is stored. When "
                "you have deleted something, you come back with the values you had chosen."
            ),
        ),
        Step(
            key="choose",
            show="change",
            boxes=(Box(4, "#card-memory"), Box(5, "#estimate .figures")),
            text=_(
                "Move the sliders down (4). The estimate says “You receive” and how much (5): the same formula as for more, and never "
                "more than you paid for that part. Press “Continue”."
            ),
        ),
        Step(
            key="submit",
            boxes=(Box(6, "#submit"),),
            text=_(
                "Read what happens, such as a restart, and press “Submit” (6). Nothing is paid, so there is no invoice."
            ),
        ),
        Step(
            key="credited",
            boxes=(Box(7, "#available-credit"), Box(8, "#returned")),
            text=_(
                "First the machine shrinks, and it is measured. Then the credit is booked: “Available Credit” at the top goes up (7), "
                "and the change links to the credit note and the line of the credit log (8)."
            ),
        ),
    ),
    blocked=(
        (
            _("Snapshots or backups cannot go lower."),
            _(
                "As many are stored as the limit allows. Delete some under “See what is stored”, or wait until old ones are gone; the "
                "limit can then go down."
            ),
        ),
        (
            _("The disk cannot go lower."),
            _(
                "The disk keeps room for what is stored on it and a reserve. Some machines never make a disk smaller; the sentence at "
                "the slider says so."
            ),
        ),
        (
            _("The use of my machine is not known."),
            _(
                "Reductions wait until the machine was measured; increases are possible. Press “Refresh” on “Resources” or try again "
                "in a minute."
            ),
        ),
    ),
)  # fmt: skip
