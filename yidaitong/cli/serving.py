"""Web servers: the portals, and the departments' sandbox. Imports little: they load the rest."""

import os
import sys
from pathlib import Path
from typing import Final

import click

import yidaitong

# The folder of wsgi.py: beside the packages.
ROOT: Final = Path(yidaitong.__file__).resolve().parent.parent
_LOOPBACK: Final = "127.0.0.1"


def gunicorn(application: str, bind: str, *, workers: int, threads: int) -> list[str]:
    """The command of a web server. Few threads: the interpreter lock makes many slower."""
    return [
        sys.executable, "-m", "gunicorn", application, "--chdir", str(ROOT), "--bind", bind,
        "--workers", str(workers), "--worker-class", "gthread", "--threads", str(threads),
        "--timeout", "60", "--graceful-timeout", "10", "--keep-alive", "5",
        "--log-level", "warning", "--no-control-socket", "--preload",
    ]  # fmt: skip


def _become(words: list[str]) -> None:
    os.execv(words[0], words)  # noqa: S606 - signals and exit code are the server's own


_port = click.option("--port", type=int, default=8000, show_default=True)
_descriptor = click.option("--fd", type=int, hidden=True, help="An open listening socket.")


def _bind(port: int, descriptor: int | None) -> str:
    return f"{_LOOPBACK}:{port}" if descriptor is None else f"fd://{descriptor}"


@click.command()
@_port
@_descriptor
@click.option("--workers", type=int, default=2, show_default=True)
def web(port: int, fd: int | None, workers: int) -> None:
    """Serve the portals and the API (gunicorn on this machine's own address)."""
    _become(gunicorn("wsgi:app", _bind(port, fd), workers=workers, threads=2))


@click.group()
def sandbox() -> None:
    """The made-up departments."""


@sandbox.command("serve")
@click.option("--port", type=int, default=8100, show_default=True)
@_descriptor
def serve_sandbox(port: int, fd: int | None) -> None:
    """Serve the eight departments and the identity provider, for development and tests."""
    # One process: used tickets and faults are its own. Threads: slow answers are its purpose.
    application = f"{__package__}.departments:make()"
    _become(gunicorn(application, _bind(port, fd), workers=1, threads=16))
