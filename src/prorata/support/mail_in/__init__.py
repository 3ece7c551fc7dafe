"""Answers by mail: one message as a mail server hands it over, read, matched to its ticket and written there."""
