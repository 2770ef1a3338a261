"""The entry: commands, and the one place where errors become messages and exit codes."""

import ctypes
import os
import signal
import sys
from typing import Final

import click

from consent.errors import ConsentError
from yidaitong import __doc__ as about
from yidaitong.cli import checks, demo, evidence, ledger, serving, tools
from yidaitong.embedded.errors import EmbeddedError
from yidaitong.kernel.errors import DomainError
from yidaitong.kernel.settings import SettingsError
from yidaitong.kernel.telemetry import log_as_json

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


@click.group(help=about, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Commands of Yidaitong."""


for module in (demo, serving, ledger, evidence, tools, checks):
    for command in module.COMMANDS:
        cli.add_command(command)


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
