"""What the next renewals and last month's changes would bring under another price book or rule. Reads, never writes."""
