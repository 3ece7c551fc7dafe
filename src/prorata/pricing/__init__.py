"""The price of a change: pure functions over dates, exact fractions and whole minor units.

Standard library only: no framework, no clock, no database, no translation. Every instant comes in as an
argument.
"""
