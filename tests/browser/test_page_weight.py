"""No page transfers more than 100 kB without its pictures, to somebody who comes for the first time."""

from __future__ import annotations

import os

import pytest

from support.browser import NewVisitor, Visitor
from support.installation import Installation

pytestmark = pytest.mark.browser
MOST = 100 * 1024
# The heaviest of each kind; all of them are weighed in ./prove.
PAGES = [
    "/services/{service}/resources",
    "/services/{service}/change?memory=8",
    "/credit",
    "/guides/upgrade",
    "/profile",
]
if os.environ.get("PRORATA_PROVE"):
    PAGES += [
        "/services", "/services/{service}/changes", "/services/{service}/timeline", "/services/{service}/stored/snapshots",
        "/invoices", "/payments", "/payment-methods", "/people", "/notifications", "/notifications/mails", "/guides",
        "/tickets", "/tickets/new", "/example",
    ]  # fmt: skip


def test_no_page_weighs_more_than_100_kilobytes(
    demo: Installation, visitor: NewVisitor, aiko: Visitor
) -> None:
    aiko.open("/services")
    address = aiko.page.locator(".svc h2 a", has_text="web-01").get_attribute("href")
    assert address is not None
    kept, weights = aiko.context.cookies(), {}
    for page in ("/accounts/login/", *PAGES):
        first_time = visitor()
        if page != "/accounts/login/":
            first_time.context.add_cookies(kept)  # type: ignore[arg-type]
        weights[page] = weigh(first_time, page.format(service=address.split("/")[2]))
    print(*(f"{weight / 1000:6.1f} kB  {page}" for page, weight in weights.items()), sep="\n")
    assert max(weights.values()) < MOST, weights
    assert min(weights.values()) > 10_000, "something was weighed"


def weigh(reader: Visitor, page: str) -> int:
    """Bytes that came over the line for one page and all it loads but pictures, heads included."""
    came: list[int] = []

    def finished(request) -> None:  # type: ignore[no-untyped-def]
        if request.resource_type != "image":
            sizes = request.sizes()
            came.append(sizes["responseBodySize"] + sizes["responseHeadersSize"])

    reader.page.on("requestfinished", finished)
    reader.open(page)
    reader.page.wait_for_load_state("networkidle")
    return sum(came)
