"""Prorata: change the resources of a service already paid for, at a price that explains itself."""

from __future__ import annotations

__version__ = "0.1.0"
