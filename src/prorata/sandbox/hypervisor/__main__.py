from __future__ import annotations

from prorata.sandbox.hypervisor import main

if __name__ == "__main__":
    raise SystemExit(main())
