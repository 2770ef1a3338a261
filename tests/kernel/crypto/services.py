"""The key service of the tests as a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kernel.crypto.kms_client import KeyService
from yidaitong.kernel.clock import monotonic
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError

PLUG_IN = "tests.kernel.crypto.kms_client:connect"
_PATIENCE = 20.0


@dataclass(frozen=True)
class Running:
    """Where it listens, and its process."""

    path: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def key_service() -> Iterator[Running]:
    """Runs while the block does; a Unix socket's path must be short."""
    with tempfile.TemporaryDirectory(prefix="ydt-kms-") as folder:
        path = str(Path(folder) / "s")
        process = subprocess.Popen([sys.executable, "-m", "tests.kernel.crypto.kms", path])
        try:
            _wait(path, process)
            yield Running(path, process)
        finally:
            process.kill()
            process.wait()


def _wait(path: str, process: "subprocess.Popen[bytes]") -> None:
    until = monotonic() + _PATIENCE
    while True:
        try:
            KeyService(path).versions()
        except KekUnavailableError:
            assert process.poll() is None
            assert monotonic() < until
            continue
        return
