"""Workers as processes of their own, started and killed by the test that needs them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from yidaitong.kernel.settings import Settings


def environment(settings: Settings, **changes: str) -> dict[str, str]:
    """The variables that make a process use these settings."""
    found = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    for one in fields(settings):
        value = getattr(settings, one.name)
        if one.name == "keks":
            found |= {f"YDT_KEK_{version}": key.hex() for version, key in value.items()}
            continue
        if value is None:
            continue
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        found[f"YDT_{one.name.upper()}"] = text.lower() if isinstance(value, bool) else text
    return found | changes


@dataclass
class Process:
    """One of our programs, running."""

    child: "subprocess.Popen[bytes]"
    log: Path

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(10)

    def stop(self, seconds: float = 15) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(seconds)


@contextmanager
def running(settings: Settings, *words: str, **changes: str) -> Iterator[Process]:
    """A command of ours as a process; it ends with the block, whatever happens."""
    log = settings.home / f"{'-'.join(words)}-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "yidaitong.cli", *words],
            env=environment(settings, **changes),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield Process(child, log)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(10)


def until(ready: Callable[[], bool], seconds: float = 20) -> float:
    """Wait for something another process does; how long it took."""
    began = time.monotonic()
    pause = threading.Event()
    while not ready():
        took = time.monotonic() - began
        if took > seconds:
            raise TimeoutError(f"not within {seconds} s")
        pause.wait(0.02)
    return time.monotonic() - began
