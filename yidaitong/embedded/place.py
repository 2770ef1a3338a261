"""Where the servers of one home live, who uses them, and the lock around starting and stopping."""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yidaitong.embedded.account import Account, choose

# sun_path of a Unix socket holds 108 bytes with its closing zero.
MAX_SOCKET_BYTES: Final = 106
_AWAY: Final = Path("/var/lib")
_PREFIX: Final = "yidaitong-"
_RECORD: Final = "servers-elsewhere"
_YOUNG_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Place:
    """Folder of the servers of ``home`` and the account that runs them."""

    home: Path
    folder: Path
    account: Account

    def room(self, name: str) -> Path:
        """A private folder of one server."""
        room = self.folder / name
        self.account.own(room)
        return room

    def socket_folder(self, room: Path, socket_name: str) -> Path:
        """``room``, or a private folder with a short path when a socket in it would not bind."""
        if len(os.fsencode(room / socket_name)) <= MAX_SOCKET_BYTES:
            return room
        record = room / "socket-folder"
        if record.exists():
            known = Path(record.read_text(encoding="utf-8"))
            if known.is_dir() and known.stat().st_uid == room.stat().st_uid:
                return known
        base = "/run" if os.geteuid() == 0 and Path("/run").is_dir() else None
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        self.account.own(made)
        record.write_text(str(made), encoding="utf-8")
        return made

    def runnable(self, root: Path, program: str, beside: tuple[str, ...] = ()) -> Path:
        """``root/program``, or a copy of ``root`` (and folders ``beside`` it) the account can run.

        A virtual environment below ``/root`` cannot be entered by anybody else.
        """
        if self.account.may_run(root / program):
            return root / program
        copies = self.folder / "programs"
        target = copies / root.name
        if not target.exists():
            copies.mkdir(exist_ok=True)
            copies.chmod(0o755)
            for name in (*beside, root.name):
                _copy_open(root.parent / name, copies / name)
        return target / program


def _copy_open(source: Path, target: Path) -> None:
    """Copy a tree, readable and (where it was) executable for everybody; whole or not at all."""
    half = target.with_name(f"{target.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(source, half, ignore=shutil.ignore_patterns("include", "__pycache__", "*.py"))
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
    half.rename(target)


@contextmanager
def locked(home: Path) -> Iterator[Place]:
    """The servers' place of ``home``, while nobody else starts or stops one of them."""
    _make(home)
    with (home / "servers.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield _place(home.resolve())


def _make(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)


def _place(home: Path) -> Place:
    folder = _elsewhere(home) or home / "servers"
    account = choose(folder / "postgres")
    if not folder.exists() and not account.may_enter(home):
        folder = _move_out(home)
    _make(folder)
    return Place(home, folder, account)


def _elsewhere(home: Path) -> Path | None:
    record = home / _RECORD
    if not record.exists():
        return None
    folder = Path(record.read_text(encoding="utf-8"))
    return folder if folder.is_dir() else None


def _move_out(home: Path) -> Path:
    """A folder outside ``home``, which root's account cannot enter; removes what others left."""
    base = _AWAY if os.access(_AWAY, os.W_OK) else Path(tempfile.gettempdir())
    for left in base.glob(f"{_PREFIX}*"):
        if _is_abandoned(left):
            _end_servers(left)
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    folder.chmod(0o755)
    (folder / "home").write_text(str(home), encoding="utf-8")
    (home / _RECORD).write_text(str(folder), encoding="utf-8")
    return folder


def _is_abandoned(folder: Path) -> bool:
    """Whether the home that ``folder`` was made for is gone or uses another folder by now."""
    record = folder / "home"
    if not record.exists() or time.time() - record.stat().st_mtime < _YOUNG_SECONDS:
        return False
    return _elsewhere(Path(record.read_text(encoding="utf-8"))) != folder


def _end_servers(folder: Path) -> None:
    """Ask servers that still run in ``folder`` to end; a reused process id is told apart."""
    for record in (*folder.glob("postgres/data/postmaster.pid"), *folder.glob("valkey/*.pid")):
        pid = int(record.read_text(encoding="ascii").split()[0])
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder):
                os.kill(pid, signal.SIGINT)  # PostgreSQL's fast stop, Valkey's orderly one.


class Use:
    """A process's use of a running server: the last one out stops it, however the others ended.

    The kernel drops the lock of a killed process, so no stale count can remain.
    """

    def __init__(self, room: Path) -> None:
        self._file = (room / "users.lock").open("w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_SH)

    @contextmanager
    def given_up_on_failure(self) -> Iterator[None]:
        """End the use when the block fails: who cannot reach a server does not use it."""
        try:
            yield
        except BaseException:
            self.end()
            raise

    def end(self) -> bool:
        """Give up the use; True when nobody else has one. Call under the home's lock."""
        if self._file.closed:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            self._file.close()
        return True
