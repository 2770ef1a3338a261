"""Key-encryption keys from the environment: ``YDT_KEK`` is version 1, ``YDT_KEK_<n>`` the others.

A new version reaches a process when it is started again.
"""

from yidaitong.kernel.crypto.keks.local import Given, LocalKeks
from yidaitong.kernel.settings import Settings


def provider(settings: Settings) -> LocalKeks:
    """What the settings carry."""
    return LocalKeks(Given(settings.keks))
