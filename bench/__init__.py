"""Measurements that print ratios: `python -m bench.estimate` and `python -m bench.settle`. See docs/performance.md."""
