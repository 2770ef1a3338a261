"""Claims about banks."""
