"""Claims about products/policy."""
