"""The customer's words in every language: collect them, keep the catalogues, refuse what is missing or stale."""
