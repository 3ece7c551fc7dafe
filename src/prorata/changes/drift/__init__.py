"""Drift: what was sold, what was invoiced and what was measured, side by side, and what staff decide where they differ.

A change that was made by hand is never overwritten silently, and what differs cannot be changed by its customer meanwhile.
"""
