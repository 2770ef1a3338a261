"""The whole demo as its user starts it: own home, own servers, own processes; killable."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
# The designed firm that people walk through the portals in a browser.
JOURNEY: Final = "91370199MA31U2DL73"
_PATIENCE: Final = 120.0
_UP: Final = "Ctrl-C stops everything"


@dataclass
class Stack:
    """A running demo: its processes are children of ``process`` and of nobody else."""

    home: Path
    process: subprocess.Popen[str]
    log: Path

    @property
    def base_url(self) -> str:
        """Where the web listens."""
        found = json.loads((self.home / "addresses.json").read_text(encoding="utf-8"))
        return str(found["YDT_BASE_URL"])

    @property
    def sandbox_url(self) -> str:
        """Where the made-up departments listen."""
        found = json.loads((self.home / "addresses.json").read_text(encoding="utf-8"))
        return str(found["YDT_GATEWAY_URL"])

    def kill(self) -> int:
        """``kill -9`` of the demo, of every process below it and of its servers; how many.

        PostgreSQL and Valkey are nobody's children: they are known by the folder they serve.
        """
        doomed = [*_below(self.process.pid), self.process.pid, *self._servers()]
        for pid in doomed:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        return len(doomed)

    def _servers(self) -> list[int]:
        elsewhere = self.home / "servers-elsewhere"
        folder = elsewhere.read_text(encoding="utf-8").strip() if elsewhere.exists() else None
        place = (folder or str(self.home / "servers")).encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            pid = int(entry.parent.name)
            try:
                words = entry.read_bytes()
            except OSError:
                continue
            if place in words and (b"postgres" in words or b"valkey" in words):
                found += [*_below(pid), pid]
        return found


def environment(home: Path) -> dict[str, str]:
    """Variables of a demo with its own home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YDT_")}
    return {**kept, "YDT_HOME": str(home), "PYTHONUNBUFFERED": "1", "YDT_RATE_LIMITS": "false"}


def command(home: Path, *words: str, timeout: float = 300.0) -> subprocess.CompletedProcess[str]:
    """One command of ours on that home, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "yidaitong.cli", *words],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def start(home: Path) -> Stack:
    """The demo on ``home``, up and answering."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "demo.out"
    with log.open("a", encoding="utf-8") as out:
        begun = out.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "yidaitong.cli", "demo"],
            cwd=ROOT,
            env=environment(home),
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
    stack = Stack(home, process, log)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        said = log.read_text(encoding="utf-8")[begun:]
        if _UP in said and _answers(f"{stack.base_url}/ready"):
            return stack
        if process.poll() is not None:
            break
        time.sleep(0.1)
    stack.kill()
    raise RuntimeError(f"no demo: {log.read_text(encoding='utf-8')[-2000:]}")


@contextmanager
def running(home: Path) -> Iterator[Stack]:
    """A demo while the block runs; it ends as Ctrl-C ends it."""
    stack = start(home)
    try:
        yield stack
    finally:
        stack.process.send_signal(signal.SIGINT)
        try:
            stack.process.wait(60)
        except subprocess.TimeoutExpired:
            stack.kill()


def _below(pid: int) -> list[int]:
    """Every process under one, the deepest first."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            found += [*_below(int(child)), int(child)]
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
