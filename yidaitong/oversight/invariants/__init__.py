"""Audit invariants: what must always be true of the stored rows and of the log, read-only."""
