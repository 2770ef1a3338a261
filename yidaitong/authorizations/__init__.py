"""What an enterprise may consent to, and its acts of consent: ask, sign, refuse, withdraw."""
