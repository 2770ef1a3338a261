"""Organisations, people, accounts, roles, sessions, step-up."""
