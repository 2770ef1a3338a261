"""Applications, screening, underwriting, offers, loans and what an enterprise already owes."""
