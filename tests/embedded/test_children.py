"""Children on real processes: started again, given up, stopped."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from yidaitong.embedded.children import Child, Supervisor
from yidaitong.embedded.errors import EmbeddedError

_SLEEP = "import time; time.sleep(60)"


def _python(tmp_path: Path, code: str, *descriptors: int) -> Child:
    return Child("child", [sys.executable, "-c", code], tmp_path / "child.log", descriptors)


def _supervisor(told: list[str]) -> Supervisor:
    return Supervisor(dict(os.environ), told.append)


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


class TestSupervisor:
    def test_starts_a_killed_child_again(self, tmp_path: Path) -> None:
        told: list[str] = []
        supervisor = _supervisor(told)
        child = _python(tmp_path, _SLEEP)
        supervisor.add(child)
        assert child.process is not None
        first = child.process.pid
        os.kill(first, signal.SIGKILL)
        _until(child.has_died)

        supervisor.check()

        assert child.process is not None
        assert child.process.pid != first
        assert told == ["child ended (-9); starting it again"]
        supervisor.stop()

    def test_gives_up_on_what_never_stays_up_and_shows_its_last_words(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("yidaitong.embedded.children._MAX_FAILURES", 2)
        supervisor = _supervisor([])
        supervisor.add(_python(tmp_path, "import sys; sys.exit('no such table')"))

        with pytest.raises(EmbeddedError, match="no such table"):
            supervisor.wait_until(lambda: False, "nothing", 30)
        supervisor.stop()

    def test_callers_wait_while_a_server_is_started_again(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            number = listener.fileno()
            code = (
                f"import socket; s = socket.socket(fileno={number})\n"
                "while True:\n    c, _ = s.accept(); c.sendall(b'hello'); c.close()"
            )
            supervisor = _supervisor([])
            child = _python(tmp_path, code, number)
            supervisor.add(child)
            assert child.process is not None
            os.kill(child.process.pid, signal.SIGKILL)
            _until(child.has_died)
            with socket.create_connection(listener.getsockname(), timeout=10) as caller:
                supervisor.check()
                assert caller.recv(5) == b"hello"
            supervisor.stop()

    def test_stops_all_and_kills_what_does_not_listen(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("yidaitong.embedded.children._STOP_SECONDS", 0.3)
        supervisor = _supervisor([])
        deaf = "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True);" + _SLEEP
        child = _python(tmp_path, deaf)
        supervisor.add(child)
        process = child.process
        _until(lambda: child.log.read_bytes() != b"")

        supervisor.stop()

        assert process is not None
        assert process.returncode == -signal.SIGKILL
