"""Web servers, and the one of the departments' sandbox. Imports little: they load the rest."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

import yidaitong

# The folder of wsgi.py: beside the packages.
ROOT: Final = Path(yidaitong.__file__).resolve().parent.parent
_LOOPBACK: Final = "127.0.0.1"
F = TypeVar("F", bound=Callable[..., Any])


def gunicorn(application: str, bind: str, *, workers: int, threads: int) -> list[str]:
    """The command of a web server. Few threads: the interpreter lock makes many slower."""
    return [
        sys.executable, "-m", "gunicorn", application, "--chdir", str(ROOT), "--bind", bind,
        "--workers", str(workers), "--worker-class", "gthread", "--threads", str(threads),
        "--timeout", "60", "--graceful-timeout", "10", "--keep-alive", "5",
        "--log-level", "warning", "--no-control-socket", "--preload",
    ]  # fmt: skip


def become(words: list[str]) -> None:
    """Go on as another program."""
    os.execv(words[0], words)  # noqa: S606 - signals and exit code are the server's own


descriptor_option = click.option("--fd", type=int, hidden=True, help="An open listening socket.")


def port_option(default: int) -> Callable[[F], F]:
    """``--port`` of a server."""
    return click.option("--port", type=int, default=default, show_default=True)


def bind_to(port: int, descriptor: int | None) -> str:
    """Where a server listens: a port of this machine, or a socket somebody opened."""
    return f"{_LOOPBACK}:{port}" if descriptor is None else f"fd://{descriptor}"


@click.group()
def sandbox() -> None:
    """The made-up departments."""


@sandbox.command("serve")
@port_option(8100)
@descriptor_option
def serve_sandbox(port: int, fd: int | None) -> None:
    """Serve the eight departments and the identity provider, for development and tests."""
    # One process: used tickets and faults are its own. Threads: slow answers are its purpose.
    application = f"{__package__}.departments:make()"
    become(gunicorn(application, bind_to(port, fd), workers=1, threads=16))
