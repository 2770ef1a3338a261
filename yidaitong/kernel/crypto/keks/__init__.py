"""Key-encryption keys: where they are held, which versions there are, and changing them."""
