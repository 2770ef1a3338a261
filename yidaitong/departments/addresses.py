"""Which addresses we connect to: resolved once, all checked, pinned; no inner networks."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from yidaitong.kernel.clock import monotonic

PIN_SECONDS: Final = 60.0
_RESOLVERS: Final = 2

# IPv6 forms that carry an IPv4 address, so that a private one could hide in them:
# RFC 6052 (also its local-use prefix, RFC 8215), 6to4 RFC 3056, Teredo RFC 4380.
_CARRIERS: Final = tuple(
    ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
# Not marked in every Python we run on: RFC 9637 documentation, RFC 7526, RFC 9602, RFC 3879.
_CLOSED: Final = tuple(
    ip_network(text)
    for text in ("3fff::/20", "192.88.99.0/24", "5f00::/16", "fec0::/10", "192.0.0.0/24")
)

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


class AddressRefusedError(Exception):
    """The host is not on the list, does not resolve, or lies in an inner network."""


class SlowNameError(Exception):
    """The name was not resolved in time."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address may be one of a department in the open internet."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _CARRIERS):
            return False
    if any(address.version == network.version and address in network for network in _CLOSED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


@dataclass(frozen=True, slots=True)
class _Pin:
    addresses: tuple[Address, ...]
    until: float


class Resolver:
    """Names to checked addresses. A name is pinned for a minute, so the check cannot be outrun.

    One inner address among several refuses the name: a rebinding answer mixes them.
    """

    def __init__(
        self, *, allow_private: bool, look_up: Callable[..., Any] = socket.getaddrinfo
    ) -> None:
        self._allow_private = allow_private
        self._look_up = look_up
        self._pins: dict[tuple[str, int], _Pin] = {}
        # The system's resolver knows no deadline, so that it must not hold our thread.
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="ydt-names")

    def addresses(self, host: str, port: int, seconds: float) -> tuple[Address, ...]:
        """Where to connect to, within ``seconds``.

        Raises:
            AddressRefusedError: nowhere.
            SlowNameError: the name service did not answer in time.
        """
        pin = self._pins.get((host, port))
        if pin is not None and pin.until > monotonic():
            return pin.addresses
        found = self._checked(self._resolve(host, port, seconds))
        self._pins[host, port] = _Pin(found, monotonic() + PIN_SECONDS)
        return found

    def close(self) -> None:
        """Let the resolver threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _resolve(self, host: str, port: int, seconds: float) -> list[Address]:
        waiting = self._threads.submit(self._look_up, host, port, type=socket.SOCK_STREAM)
        try:
            rows = waiting.result(max(seconds, 0))
        except NotInTimeError:
            waiting.cancel()
            raise SlowNameError(host) from None
        except (OSError, UnicodeError):
            raise AddressRefusedError("no such name") from None
        return list(dict.fromkeys((row[0], row[4]) for row in rows))

    def _checked(self, found: list[Address]) -> tuple[Address, ...]:
        if not found:
            raise AddressRefusedError("no address")
        if not self._allow_private:
            for _, (text, *_rest) in found:
                # A scope id (fe80::1%eth0) only occurs on inner addresses.
                if not is_public(ip_address(str(text).partition("%")[0])):
                    raise AddressRefusedError("inner network")
        return tuple(found)
