"""Files that are whole after any crash: temp, fsync, rename, fsync of the folder."""

import os
from pathlib import Path
from typing import Final

_READABLE: Final = 0o644


def write_durably(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``: a reader finds the old bytes or all of the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _READABLE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_if_there(path: Path) -> bytes | None:
    """The bytes at ``path``; None where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
