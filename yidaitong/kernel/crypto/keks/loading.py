"""The provider an installation names: a kind of ours, or a plug-in (an HSM, a key service)."""

import importlib
import importlib.util
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from yidaitong.kernel.crypto.keks.provider import KekProvider
from yidaitong.kernel.settings import Settings, SettingsError

GROUP: Final = "yidaitong.keks"
_KINDS: Final = f"{__package__}.kinds"


def provider_of(settings: Settings) -> KekProvider:
    """By ``YDT_KEK_PROVIDER``: a kind of ours, an entry point, or ``package.module:factory``.

    A plug-in's factory is given ``YDT_KEK_CONFIG``, one line of its own.

    Raises:
        SettingsError: there is no such provider, or its own settings are wrong.
    """
    name = settings.kek_provider
    if name.isidentifier() and importlib.util.find_spec(f"{_KINDS}.{name}") is not None:
        found: KekProvider = importlib.import_module(f"{_KINDS}.{name}").provider(settings)
        return found
    try:
        made: KekProvider = _plug_in(name).load()(settings.kek_config)
    except (ImportError, AttributeError, ValueError, OSError) as error:
        why = f"YDT_KEK_PROVIDER: {name} cannot be loaded ({type(error).__name__})"
        raise SettingsError([why]) from error
    return made


def _plug_in(name: str) -> EntryPoint:
    if ":" in name:
        return EntryPoint(name="kek", value=name, group=GROUP)
    for found in entry_points(group=GROUP, name=name):
        return found
    raise ImportError(name)
