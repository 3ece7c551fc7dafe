"""A payment processor and a hypervisor that are not real: two processes of their own, for demos and tests.

They keep their own stores and are reached over HTTP only, like the real ones. Nothing here imports the rest of
Prorata, and both refuse to start unless PRORATA_MODE says demo or test.
"""
