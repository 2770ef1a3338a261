"""Benchmarks: ratios within one run, each beside its limit. ``python3 manage.py bench NAME``."""
