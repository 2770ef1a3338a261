"""Enterprises: registration, onboarding evidence, and who may act for them."""
