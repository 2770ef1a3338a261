"""Where key-encryption keys are held: one module a kind, found by its name."""
