"""Claims about products."""
