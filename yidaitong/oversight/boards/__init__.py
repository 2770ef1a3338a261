"""One file a board: how consents fare, in groups that open their rows."""
