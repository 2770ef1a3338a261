"""The suite's own servers: started once, gone with the run, however it ends."""

import fcntl
import os
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest

DATABASE_VARIABLE = "YDT_TEST_DATABASE_URL"
REDIS_VARIABLE = "YDT_TEST_REDIS_URL"
_PREFIX = "ydt-test-"
_OLD_SECONDS = 600
_started: list[Any] = []
_folders: list[Path] = []


def start() -> None:
    """Start what nobody named; SIGTERM (a time limit, a CI) ends the run in order."""
    from yidaitong.embedded import postgres, valkey  # noqa: PLC0415 - not needed with own servers

    sweep()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)
    home = Path(tempfile.mkdtemp(prefix=_PREFIX))
    home.chmod(0o755)
    _folders.append(home)
    if DATABASE_VARIABLE not in os.environ:
        server = postgres.start(home / "home")
        _started.append(server)
        os.environ[DATABASE_VARIABLE] = str(server.owner_url)
    if REDIS_VARIABLE not in os.environ:
        queue = valkey.start(home / "home")
        _started.append(queue)
        os.environ[REDIS_VARIABLE] = str(queue.url)


def stop() -> None:
    """Stop what this process started and remove its data."""
    while _started:
        _started.pop().stop()
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


def redis_url() -> str:
    """This worker's own database of the shared server: workers empty theirs between tests."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
    return os.environ[REDIS_VARIABLE].replace("db=0", f"db={number % 16}")


def sweep() -> None:
    """End and remove what killed runs left: nobody holds their servers any more."""
    from yidaitong.embedded import postgres, valkey  # noqa: PLC0415 - see above

    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        home = folder / "home"
        try:
            age = time.time() - folder.stat().st_mtime
        except FileNotFoundError:
            continue  # Its own run removed it meanwhile.
        if age < _OLD_SECONDS or _is_used(home):
            continue
        if any(home.glob("servers/postgres/data/postmaster.pid")):
            postgres.start(home).stop()
        if any(home.glob("servers/valkey/server.pid")):
            valkey.start(home).stop()
        shutil.rmtree(folder, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime >= _OLD_SECONDS
    except FileNotFoundError:
        return False  # Its own run has just removed it.


def _is_used(home: Path) -> bool:
    for path in home.glob("servers/*/users.lock"):
        with path.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def _end(_number: int, _frame: object) -> NoReturn:
    pytest.exit("terminated", returncode=128 + signal.SIGTERM)
