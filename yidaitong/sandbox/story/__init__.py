"""Whole loan stories told by a foreign client: only HTTP, only what the API documents."""
