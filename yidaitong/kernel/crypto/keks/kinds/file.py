"""Key-encryption keys in a folder: one file a version, named by its number, in hexadecimal.

Read at each use: a new version is found without a restart, a destroyed one is gone at once.
"""

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from yidaitong.kernel.crypto.keks.local import LocalKeks
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.crypto.wrapping import KEY_BYTES
from yidaitong.kernel.settings import Settings, SettingsError

_log = structlog.get_logger(__name__)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_OTHERS: Final = 0o007
_PRIVATE: Final = 0o600
_BEYOND_OWNER: Final = 0o177


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of versions (see ``Source``)."""

    path: Path

    def versions(self) -> tuple[int, ...]:
        """Files whose name is a number."""
        try:
            names = [one.name for one in self.path.iterdir()]
        except OSError as error:
            raise KekUnavailableError(f"the folder of KEKs cannot be read: {error.strerror}") from (
                error
            )
        return tuple(sorted(int(name) for name in names if _is_number(name)))

    def key(self, version: int) -> bytes | None:
        """The bytes of one."""
        try:
            value = bytes.fromhex(self._file(version).read_text("ascii").strip())
        except FileNotFoundError:
            return None
        except OSError as error:
            why = f"KEK version {version} cannot be read: {error.strerror}"
            raise KekUnavailableError(why) from error
        except ValueError:
            value = b""
        if len(value) != KEY_BYTES:
            raise KekUnavailableError(f"KEK version {version} is not 32 bytes in hexadecimal")
        return value

    def make(self) -> int:
        """A new file for this user only; whoever else made it meanwhile made the version."""
        version = max(self.versions(), default=0) + 1
        fresh = self.path / f".{version}.{secrets.token_hex(4)}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            self._file(version).hardlink_to(fresh)
        fresh.unlink()
        self._sync()
        return version

    def destroy(self, version: int) -> bool:
        """Overwrite and remove; what a disk keeps beside is the operator's matter."""
        try:
            with self._file(version).open("r+b") as file:
                file.write(bytes(2 * KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            self._file(version).unlink()
        except FileNotFoundError:
            return True
        except OSError as error:
            _log.warning("kek.not_removed", version=version, error=type(error).__name__)
            return False
        self._sync()
        return True

    def problems(self, *, strict: bool) -> list[str]:
        """What is wrong with the files' rights; ``strict`` refuses what others may read."""
        found = []
        for version in self.versions():
            mode = self._file(version).stat().st_mode & 0o777
            if strict and mode & _OTHERS:
                found.append(f"YDT_KEK_DIR: version {version} is open to everybody ({mode:03o})")
            elif mode & _BEYOND_OWNER:
                _log.warning("kek.open_file", version=version, mode=f"{mode:03o}")
        return found

    def _file(self, version: int) -> Path:
        return self.path / str(version)

    def _sync(self) -> None:
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def provider(settings: Settings) -> LocalKeks:
    """The folder of the settings.

    Raises:
        SettingsError: there is none, or everybody may read a key in production.
    """
    if settings.kek_dir is None or not settings.kek_dir.is_dir():
        raise SettingsError(["YDT_KEK_DIR must be a folder that is there"])
    folder = Folder(settings.kek_dir)
    problems = folder.problems(strict=settings.env == "prod")
    if problems:
        raise SettingsError(problems)
    return LocalKeks(folder)


def _is_number(name: str) -> bool:
    return _VERSION.fullmatch(name) is not None
