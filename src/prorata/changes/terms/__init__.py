"""Terms that staff sell: a service's first, and those that follow it."""
