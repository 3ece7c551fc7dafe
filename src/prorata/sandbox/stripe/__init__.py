"""Stripe's published API in front of the sandbox processor: what a shop's gateway uses of it, and strict about that.

Nothing here is Stripe's own; the shapes follow its published API, of the version named in `dialect.VERSION`.
"""
