"""Faults below and at HTTP: what a proxy, a crash or an attacker does to a reply."""

import os
import secrets
import socket
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from threading import Event
from typing import Any, Final

from flask import Response, request

from yidaitong.departments.forms import MEDIA, form_of
from yidaitong.sandbox.faults import Fault, FaultKind

_SOCKETS: Final = ("werkzeug.socket", "gunicorn.socket")
_METADATA: Final = "http://169.254.169.254/latest/meta-data/"
_HUGE: Final = 50_000_000
_BLOCK: Final = 1 << 16
_BOMB_BLOCKS: Final = 1024  # 64 MiB of zeros in 64 KiB.
_PATIENCE: Final = 60.0  # Seconds until a silent or dripping reply is given up.

# Set when the process stops, so that nobody waits for a silent call.
stopping = Event()


def _socket() -> socket.socket:
    found = next((request.environ[name] for name in _SOCKETS if name in request.environ), None)
    if not isinstance(found, socket.socket):
        raise TypeError("this server does not show its socket")
    return found


def _hang_up(sock: socket.socket, *, reset: bool = False) -> Response:
    """End the connection under the server's feet; what it writes afterwards goes nowhere."""
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        sock.shutdown(socket.SHUT_WR)
    one, other = socket.socketpair()
    with one, other:
        os.dup2(one.fileno(), sock.fileno())
    return Response(b"", headers={"Connection": "close"})


def _raw(*parts: Iterable[bytes], reset: bool = False) -> Response:
    sock = _socket()
    try:
        for part in chain(*parts):
            sock.sendall(part)
        return _hang_up(sock, reset=reset)
    except OSError:
        return Response(b"", headers={"Connection": "close"})


def _drip(first: bytes, text: bytes, gap: float) -> Response:
    """One byte at a time, each just soon enough for a timeout that starts again with it."""
    sock = _socket()
    try:
        sock.sendall(first)
        for sign in text:
            if stopping.wait(gap):
                break
            sock.sendall(bytes([sign]))
        return _hang_up(sock)
    except OSError:
        return Response(b"", headers={"Connection": "close"})


def _huge() -> Iterator[bytes]:
    block = b"A" * _BLOCK
    for _ in range(_HUGE // _BLOCK):
        yield block


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """64 MiB of zeros as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    block = bytes(_BLOCK)
    return b"".join(packer.compress(block) for _ in range(_BOMB_BLOCKS)) + packer.flush()


def _silent() -> Response:
    stopping.wait(_PATIENCE)
    return Response(b"", 504)


def _slow(fault: Fault, text: str) -> Response:
    stopping.wait(fault.seconds)
    return plain(text)


def plain(text: str) -> Response:
    """A good reply."""
    return Response(text, mimetype=_media(text))


def _media(text: str) -> str:
    return MEDIA[form_of(text)]


def _head(text: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {_media(text)}\r\n".encode()


def _chunked(text: str) -> bytes:
    return _head(text) + b"Transfer-Encoding: chunked\r\n\r\n"


def _status(code: int, fault: Fault) -> Response:
    headers = {"Retry-After": str(int(fault.seconds))} if code in {429, 503} else {}
    return Response(b"no", code, headers)


def _body_drip(fault: Fault, text: str) -> Response:
    head = _head(text) + f"Content-Length: {len(text)}\r\n\r\n".encode()
    return _drip(head, text.encode(), fault.seconds)


def _cut(text: str, *, reset: bool) -> Response:
    head = _head(text) + f"Content-Length: {len(text)}\r\n\r\n".encode()
    return _raw([head, text.encode()[: len(text) // 2]], reset=reset)


def _chunk_lie(text: str) -> Response:
    """A chunk that says to be longer than it is."""
    return _raw([_chunked(text), b"FFFFFFF\r\n", text.encode()])


def _endless(text: str) -> Response:
    """A chunk of size -1: a reader who believes it reads whatever comes, all at once."""
    return _raw([_chunked(text), b"-1\r\n"], _huge())


# What each fault sends instead of the answer ``text``.
WIRES: Final[dict[FaultKind, Callable[[Fault, str], Any]]] = {
    FaultKind.SILENCE: lambda _f, _t: _silent(),
    FaultKind.SLOW: _slow,
    FaultKind.HEADER_DRIP: lambda f, text: _drip(
        b"", _head(text) + b"X: " + b"y" * 2000, f.seconds
    ),
    FaultKind.BODY_DRIP: _body_drip,
    FaultKind.RESET: lambda _f, text: _cut(text, reset=True),
    FaultKind.CUT: lambda _f, text: _cut(text, reset=False),
    FaultKind.CHUNK_LIE: lambda _f, text: _chunk_lie(text),
    FaultKind.CHUNK_ENDLESS: lambda _f, text: _endless(text),
    FaultKind.HUGE: lambda _f, text: Response(_huge(), mimetype=_media(text)),
    FaultKind.GZIP_BOMB: lambda _f, text: Response(
        bomb(), mimetype=_media(text), headers={"Content-Encoding": "gzip"}
    ),
    FaultKind.HTTP_500: lambda f, _t: _status(500, f),
    FaultKind.HTTP_503: lambda f, _t: _status(503, f),
    FaultKind.HTTP_429: lambda f, _t: _status(429, f),
    FaultKind.HTTP_403: lambda f, _t: _status(403, f),
    FaultKind.HTML: lambda _f, _t: Response("<html><body>OK</body></html>", mimetype="text/html"),
    FaultKind.EMPTY: lambda _f, text: Response(b"", mimetype=_media(text)),
    FaultKind.GARBAGE: lambda _f, text: Response(secrets.token_bytes(500), mimetype=_media(text)),
    FaultKind.REDIRECT: lambda _f, _t: Response(_huge(), 302, {"Location": _METADATA}),
}
