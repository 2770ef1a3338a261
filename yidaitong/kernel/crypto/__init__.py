"""All cryptography of the platform; nothing else calls a primitive."""
