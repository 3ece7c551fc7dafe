"""Invoices and credit notes as files: what they say in three languages, and their pages."""
