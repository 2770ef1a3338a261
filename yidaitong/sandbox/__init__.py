"""The eight departments, simulated from their own definitions: own process, own keys."""
