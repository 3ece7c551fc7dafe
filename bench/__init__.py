"""Measurements that print ratios: `python -m bench.estimate`, `bench.settle` and `bench.bulk`. See docs/performance.md."""
