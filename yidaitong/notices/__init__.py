"""Notices 通知: signed messages about an act on a consent, until its parties heard."""
