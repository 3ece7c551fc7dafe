"""More for a service that is paid already."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from prorata.guides.guide import Box, Guide, Step

UPGRADE = Guide(
    slug="upgrade",
    title=_("Give a service more resources"),
    about=_(
        "More CPU cores, memory, disk, backups or snapshots for a service that you have paid already. You pay for the rest of "
        "your term only, and the end of the term stays where it is."
    ),
    updated=date(2026, 11, 26),
    release=1,
    asks=("signed_in", "active", "method"),
    related=("downgrade",),
    steps=(
        Step(
            key="service",
            show="services",
            boxes=(Box(1, '.nav a[href="/services"]'), Box(2, ".svc h2 a")),
            text=_("Open “Services” in the menu (1) and click the service (2)."),
        ),
        Step(
            key="resources",
            show="resources",
            boxes=(Box(3, '[data-guide="resources.change-button"]'),),
            text=_(
                "“Resources” shows what the service has, what is in use, and the lowest value possible now. Press "
                "“Upgrade / Downgrade” (3)."
            ),
        ),
        Step(
            key="choose",
            show="change",
            boxes=(Box(4, "#card-memory"), Box(5, "#estimate .figures"), Box(6, "#continue")),
            text=_(
                "Move the sliders or type the values you want (4). The price beside them follows at once and says how it is "
                "worked out (5). Press “Continue” (6)."
            ),
        ),
        Step(
            key="review",
            boxes=(Box(7, 'fieldset:has(input[name="method"])'), Box(8, "#submit")),
            text=_(
                "Look at what changes and what it costs; this price is fixed for half an hour. Choose how you pay (7) and press "
                "“Submit” (8). Credit that you have is used first; you can untick it."
            ),
        ),
        Step(
            key="pay",
            boxes=(Box(9, "#pay-now"),),
            text=_(
                "An invoice is made. Press “Pay Now!” (9) and finish at “Checkout”. Nothing changes before it is paid, and nothing "
                "is owed if you leave: the invoice then expires by itself."
            ),
        ),
        Step(
            key="watch",
            boxes=(Box(10, ".prog"),),
            text=_(
                "After the payment the machine changes, and you see each step (10). You can close the page: we tell you when it "
                "is done."
            ),
        ),
        Step(
            key="result",
            boxes=(Box(11, "#change table"),),
            text=_(
                "Done: what you had, what you paid for and what was measured on the machine stand side by side (11). If a restart "
                "is still wanted, the page says so."
            ),
        ),
    ),
    blocked=(
        (
            _("A slider does not go as far as I want."),
            _(
                "The end of the slider is what the product sells or what the host can give now; the sentence below it says which. Ask "
                "us if you need more."
            ),
        ),
        (
            _("I paid, and nothing has changed."),
            _(
                "Open the change: it says what it waits for and until when. A bank transfer takes until the money is here. What cannot "
                "be done by its deadline comes back as credit by itself."
            ),
        ),
    ),
)  # fmt: skip
