"""The crypto suites, one file each, found by this folder: no negotiation, no fallback."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Final

from yidaitong.kernel.crypto.errors import SuiteUnavailableError
from yidaitong.kernel.crypto.provider import Kind, Provider

__all__ = ["BY_KIND", "PROVIDERS", "allowed", "of", "of_byte"]


def _found() -> Mapping[str, Provider]:
    names = sorted(one.name for one in pkgutil.iter_modules(__path__))
    made = [import_module(f"{__name__}.{name}").PROVIDER for name in names]
    return {provider.suite: provider for provider in made}


PROVIDERS: Final = _found()
# A kind of key belongs to one suite: the key decides, a header never does.
BY_KIND: Final[Mapping[Kind, Provider]] = {
    kind: provider for provider in PROVIDERS.values() for kind in provider.curves
}
_BY_BYTE: Final = {provider.byte: provider for provider in PROVIDERS.values()}


def of(suite: str) -> Provider:
    """The suite of that name.

    Raises:
        SuiteUnavailableError: there is none.
    """
    provider = PROVIDERS.get(suite)
    if provider is None:
        raise SuiteUnavailableError(suite, "no such suite")
    return provider


def of_byte(byte: bytes) -> Provider | None:
    """The suite a sealed field names."""
    return _BY_BYTE.get(byte)


def allowed(suite: str, policy: tuple[str, ...]) -> Provider:
    """The suite, if the policy of this installation has it and this computer can do it.

    Raises:
        SuiteUnavailableError: one of the two is not so.
    """
    provider = of(suite)
    if suite not in policy:
        raise SuiteUnavailableError(suite, "not in YDT_SUITES of this installation")
    provider.require()
    return provider
