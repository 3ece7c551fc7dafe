"""The payment methods on offer."""

from prorata.payments.registry import Method, method, methods

__all__ = ["Method", "method", "methods"]
