"""Who runs a server: this user, or as root an unprivileged account (PostgreSQL refuses root)."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yidaitong.embedded.errors import EmbeddedError

_OWN: Final = "yidaitong"
# Nothing of our environment may reach a server: no secrets, no libraries, no foreign locale.
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}
_OTHERS_MAY_ENTER: Final = 0o001
_OTHERS_MAY_RUN: Final = 0o005


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a server; ``uid`` is None when it is simply this user."""

    uid: int | None = None
    gid: int | None = None

    def own(self, folder: Path, mode: int = 0o700) -> None:
        """Create ``folder`` if missing, and make it the account's with exactly ``mode``."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(mode)

    def run(self, command: Sequence[str | Path], timeout: float = 90) -> tuple[int, str]:
        """Run a tool as the account; its exit code and everything it said."""
        who: dict[str, Any] = {}
        if self.uid is not None:
            who = {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            done = subprocess.run(  # noqa: S603 - our own tools, no shell
                [str(part) for part in command],
                cwd="/",
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
                text=True,
                errors="replace",
                **who,
            )
        except subprocess.TimeoutExpired:
            return 124, f"{command[0]} took longer than {timeout:.0f} s"
        except OSError as error:
            return 126, f"{command[0]}: {error.strerror}"
        return done.returncode, done.stdout

    def may_enter(self, folder: Path) -> bool:
        """Whether the account gets into ``folder``; for root's stand-in, as one of the others."""
        if self.uid is None:
            return True
        parents = [folder, *folder.parents]
        return all(parent.stat().st_mode & _OTHERS_MAY_ENTER for parent in parents)

    def may_run(self, program: Path) -> bool:
        """Whether the account can execute ``program`` where it lies."""
        if self.uid is None:
            return True
        mode = program.stat().st_mode & _OTHERS_MAY_RUN
        return mode == _OTHERS_MAY_RUN and self.may_enter(program.parent)


def choose(data: Path) -> Account:
    """This user; as root the owner of existing ``data``, else the first account that exists."""
    if os.geteuid() != 0:
        return Account()
    if data.exists() and data.stat().st_uid != 0:
        found = data.stat()
        return Account(found.st_uid, found.st_gid)
    for name in (_OWN, "postgres"):
        account = _named(name)
        if account is not None:
            return account
    made = _create() or _named("nobody")
    if made is None:
        raise EmbeddedError("as root an unprivileged account is needed: useradd --system yidaitong")
    return made


def _named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create() -> Account | None:
    useradd = shutil.which("useradd", path=_ENVIRONMENT["PATH"])
    if useradd is None:
        return None
    Account().run([useradd, "--system", "--no-create-home", "--shell", "/bin/false", _OWN])
    return _named(_OWN)
