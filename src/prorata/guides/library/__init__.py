"""The guides there are, in the order in which they are listed."""

from __future__ import annotations

from prorata.guides.guide import Guide
from prorata.guides.library.downgrade import DOWNGRADE
from prorata.guides.library.upgrade import UPGRADE

GUIDES: dict[str, Guide] = {guide.slug: guide for guide in (UPGRADE, DOWNGRADE)}
