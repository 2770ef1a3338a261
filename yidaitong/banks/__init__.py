"""Banks: who takes part, under which agreement, and with which pinned public keys."""
