"""Everything Prorata takes from environment variables, read and checked in one place.

A mistake is one line that says what to do; all mistakes are told at once.
"""

from prorata.config.environment.database import Database
from prorata.config.environment.demo import checkout, demo_home, load_demo_environment, save_demo_environment
from prorata.config.environment.mistake import EnvironmentMistake
from prorata.config.environment.stripe import Stripe
from prorata.config.environment.whole import Environment, read_environment

__all__ = [
    "Database",
    "Environment",
    "EnvironmentMistake",
    "Stripe",
    "checkout",
    "demo_home",
    "load_demo_environment",
    "read_environment",
    "save_demo_environment",
]
