"""Notices: made with the act, carried to each receiver, until heard."""
