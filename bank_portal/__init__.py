"""The bank portal: packets, underwriting, loans."""
