"""Sockets that keep one deadline and one byte limit through a whole call, drip by drip.

A timeout of a socket restarts with every byte; here each operation gets what is left of the call.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from yidaitong.departments.addresses import Address
from yidaitong.kernel.clock import monotonic


class DeadlineError(Exception):
    """The call's time is over. Not an OSError, so that no library takes it for its own."""


class TooLargeError(Exception):
    """The other side sent more than the call may take."""


class NoConnectionError(Exception):
    """None of the addresses accepted a connection."""


@dataclass(slots=True)
class Call:
    """One outbound call: ``ends_at`` is monotonic, ``bytes_left`` counts what may still come."""

    ends_at: float
    bytes_left: int
    addresses: tuple[Address, ...] = ()

    def seconds_left(self) -> float:
        """Time for the next operation.

        Raises:
            DeadlineError: there is none.
        """
        left = self.ends_at - monotonic()
        if left <= 0:
            raise DeadlineError
        return left

    def received(self, count: int) -> int:
        """Count bytes that came.

        Raises:
            TooLargeError: they are too many.
        """
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise TooLargeError
        return count


# The call whose sockets this thread works on; pooled connections outlive a call.
_CALL: Final[ContextVar[Call]] = ContextVar("ydt_call")


@contextmanager
def working_on(call: Call) -> Iterator[Call]:
    """Make ``call`` the one whose limits this thread's sockets keep."""
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)


@contextmanager
def _in_time(sock: socket.socket) -> Iterator[Call]:
    call = _CALL.get()
    sock.settimeout(call.seconds_left())
    try:
        yield call
    except TimeoutError:
        raise DeadlineError from None


class DeadlineSocket(socket.socket):
    """A TCP socket under the limits of the thread's call."""

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As the socket's, in time and counted."""
        with _in_time(self) as call:
            return call.received(super().recv_into(buffer, nbytes, flags))

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As the socket's, in time."""
        with _in_time(self):
            super().sendall(data, flags)


class DeadlineTlsSocket(ssl.SSLSocket):
    """A TLS socket under the limits of the thread's call."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's
        """As the socket's, in time; the library only closes after errors of its own kind."""
        try:
            with _in_time(self):
                super().do_handshake(block)
        except DeadlineError:
            self.close()
            raise

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """As the socket's, in time and counted."""
        with _in_time(self) as call:
            return call.received(super().recv_into(buffer, nbytes, flags))

    def send(self, data: Any, flags: int = 0) -> int:
        """As the socket's, in time; ``sendall`` calls it."""
        with _in_time(self):
            return super().send(data, flags)


def connect() -> DeadlineSocket:
    """A connection to one of the call's addresses; each gets a fair part of the time left.

    Raises:
        NoConnectionError: none accepts.
        DeadlineError: the time is over.
    """
    call = _CALL.get()
    left = len(call.addresses)
    for family, address in call.addresses:
        sock = DeadlineSocket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(call.seconds_left() / left)
            sock.connect(address)
        except OSError:
            sock.close()
            left -= 1
        except DeadlineError:
            sock.close()
            raise
        else:
            return sock
    call.seconds_left()
    raise NoConnectionError
