"""The state folder of an installation: secrets, logs, servers, and the variables they make."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yidaitong.embedded import postgres, valkey
from yidaitong.embedded.errors import EmbeddedError

_ADDRESSES: Final = "addresses.json"
_SECRET_BYTES: Final = 32
_LOG_LIMIT: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Home:
    """An open state folder; ``YDT_HOME``, else ``.ydt`` here."""

    folder: Path

    def file(self, *names: str) -> Path:
        """A path below the folder."""
        return self.folder.joinpath(*names)

    def log(self, name: str) -> Path:
        """The log of a process; a long one of an earlier run is put aside."""
        path = self.file("logs", f"{name}.log")
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path

    def remember(self, addresses: Mapping[str, str]) -> None:
        """Where the web and the departments listen, for later commands on this home."""
        fresh = self.file(f"{_ADDRESSES}.new")
        fresh.write_text(json.dumps(dict(addresses)), encoding="utf-8")
        fresh.replace(self.file(_ADDRESSES))

    def addresses(self) -> dict[str, str]:
        """What was last remembered."""
        path = self.file(_ADDRESSES)
        if not path.exists():
            return {}
        return {str(key): str(value) for key, value in json.loads(path.read_text("utf-8")).items()}


def open_home(environ: Mapping[str, str]) -> Home:
    """Create what is missing: the folder, its secrets (for this user only), the logs folder."""
    folder = Path(environ.get("YDT_HOME") or ".ydt").resolve()
    if not folder.exists():
        folder.mkdir(parents=True)
        # Servers that root starts as another account must get through.
        folder.chmod(0o755)
    for name in ("secrets", "secrets/keks", "logs", "sandbox", "ledger"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o700)
    _create(folder / "secrets" / "secret-key", secrets.token_hex(_SECRET_BYTES))
    _first_kek(folder / "secrets")
    return Home(folder)


def _first_kek(folder: Path) -> None:
    """The key that seals all other keys (AES-256), as its version 1; later ones are left alone."""
    first, before = folder / "keks" / "1", folder / "kek"
    # Homes of before versions had one file. Whoever else opens this home moves it as well.
    with contextlib.suppress(FileExistsError, FileNotFoundError):
        first.hardlink_to(before)
    before.unlink(missing_ok=True)
    if not any(first.parent.iterdir()):
        _create(first, secrets.token_hex(_SECRET_BYTES))


def _create(path: Path, content: str) -> None:
    """Write a new private file, whole or not at all; an existing one stays."""
    if path.exists():
        return
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    # A link, unlike a rename, never replaces what another process made meanwhile.
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the home for one demo; the kernel lets go when the process ends in any way.

    Raises:
        EmbeddedError: another demo runs on this home.
    """
    with home.file("demo.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            where = home.addresses().get("YDT_BASE_URL", "")
            raise EmbeddedError(
                f"a demo already runs on {home.folder} (process {lock.read().strip()}) {where}; "
                "stop it, or give another YDT_HOME"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def servers(home: Home, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The home's servers while the block runs: variables for settings; given servers are used."""
    made: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        if not _given(environ, "YDT_DATABASE_URL"):
            database = postgres.start(home.folder)
            stack.callback(database.stop)
            made["YDT_OWNER_DATABASE_URL"] = database.owner_url
            made["YDT_DATABASE_VOLUME"] = str(database.room)
            made["YDT_DATABASE_URL"] = database.url_of("ydt_app")
            made["YDT_LEDGER_DATABASE_URL"] = database.url_of("ydt_ledger")
        if not _given(environ, "YDT_REDIS_URL"):
            queue = valkey.start(home.folder)
            stack.callback(queue.stop)
            made["YDT_REDIS_URL"] = queue.url
        yield made


def _given(environ: Mapping[str, str], name: str) -> bool:
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))


def variables(home: Home, environ: Mapping[str, str], **more: str) -> dict[str, str]:
    """All variables of a process of the demo; what the caller's environment says stands."""
    defaults: dict[str, Any] = {
        "YDT_ENV": "demo",
        "YDT_COOKIE_SECURE": "false",
        "YDT_ALLOW_PRIVATE_ADDRESSES": "true",
        "YDT_LEDGER_HEAD_FILE": str(home.file("ledger", "head")),
        "YDT_GATEWAY_KEYS_FILE": str(home.file("sandbox", "departments.jwks.json")),
        "YDT_BANK_KEYS_DIR": str(home.file("sandbox", "bank-keys")),
        # The made-up departments read our keys from a file that is written by hand.
        "YDT_SIGNING_KEY_ROTATION": "false",
        **home.addresses(),
    }
    if not _given(environ, "YDT_SECRET_KEY"):
        defaults["YDT_SECRET_KEY_FILE"] = str(home.file("secrets", "secret-key"))
    if not any(name.startswith("YDT_KEK") for name in environ):
        defaults["YDT_KEK_PROVIDER"] = "file"
        defaults["YDT_KEK_DIR"] = str(home.file("secrets", "keks"))
    return {**defaults, **environ, **more, "YDT_HOME": str(home.folder)}
