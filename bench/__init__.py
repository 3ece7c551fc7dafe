"""Measurements that print ratios: `python -m bench.estimate`, `settle`, `bulk`, `simulate`. See docs/performance.md."""
