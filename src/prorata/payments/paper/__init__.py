"""Receipts as files, through the same page as invoices: what they say in three languages."""
