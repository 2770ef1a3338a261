"""Data providers: their definitions, the catalogue, derived items and the way to ask them."""
