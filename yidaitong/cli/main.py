"""The entry: commands, and the one place where errors become messages and exit codes."""

import ctypes
import importlib
import os
import signal
import sys
from typing import Final

import click

from consent.errors import ConsentError
from yidaitong import __doc__ as about
from yidaitong.embedded.errors import EmbeddedError
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.settings import SettingsError
from yidaitong.kernel.telemetry import log_as_json

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
# Where each command lives: a process loads only what it runs.
COMMANDS: Final = {
    "demo": "demo",
    "web": "portals",
    "sandbox": "serving",
    "worker": "working",
    "ticker": "working",
    "ledger": "ledger",
    "witness": "witness",
    "packet": "evidence",
    "keys": "keychanges",
    "ops": "evidence",
    "migrate": "tools",
    "routes": "tools",
    "check": "checks",
    "bench": "benching",
}


class Commands(click.Group):
    """All commands, loaded when they are asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Their names, in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one."""
        home = COMMANDS.get(cmd_name)
        if home is None:
            return None
        command: click.Command = getattr(importlib.import_module(f"{__package__}.{home}"), cmd_name)
        return command


@click.command(cls=Commands, help=about, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Commands of Yidaitong."""


def main() -> None:
    """Run a command; what a person can mend is a message, not a traceback."""
    log_as_json()
    _die_with_parent()
    try:
        cli(prog_name="manage.py")
    except SettingsError as error:
        _fail("settings:\n  " + "\n  ".join(error.problems))
    except EmbeddedError as error:
        _fail(str(error))
    except (DomainError, ConsentError) as error:
        _fail(f"{error.code}: {error}")


def _fail(text: str) -> None:
    click.echo(f"error: {text}", err=True)
    sys.exit(1)


def _die_with_parent() -> None:
    """End when the supervisor does, even by ``kill -9``: nothing of a demo may linger."""
    parent = os.environ.pop("YDT_PARENT_PID", "")
    if not parent or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit(1)
