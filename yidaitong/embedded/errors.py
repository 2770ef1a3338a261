"""What can go wrong with the servers we start ourselves."""


class EmbeddedError(Exception):
    """A server is missing or does not start; the text tells a person what to do."""
