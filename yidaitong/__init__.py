"""Yidaitong (一贷通): consent-based credit data for small enterprises; a package per capability."""
