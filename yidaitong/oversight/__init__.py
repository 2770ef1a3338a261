"""What the overseer sees: metrics by published definition, their rows, and audit invariants."""
