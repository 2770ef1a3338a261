"""``check``: every rule of the house that a machine can hold, in the order of their speed."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import click

from yidaitong.cli.serving import ROOT

_BIN: Final = Path(sys.executable).parent
_STEPS: Final = (
    ("style", (str(_BIN / "ruff"), "check", ".")),
    ("format", (str(_BIN / "ruff"), "format", "--check", "-q", ".")),
    ("order of packages", (str(_BIN / "lint-imports"), "setup.cfg")),
    ("types", (str(_BIN / "mypy"),)),
    ("types of the entries", (str(_BIN / "mypy"), "manage.py", "wsgi.py")),
    ("house rules", (sys.executable, "-m", "pytest", "-q", "tests/house")),
)


@click.command()
@click.argument("names", nargs=-1)
def check(names: tuple[str, ...]) -> None:
    """Style, types, order of packages, house rules; NAMES picks some."""
    failed = [name for name, words in _STEPS if _chosen(name, names) and not _passes(name, words)]
    if failed:
        click.echo(f"\nnot clean: {', '.join(failed)}", err=True)
        sys.exit(1)


def _chosen(name: str, names: tuple[str, ...]) -> bool:
    return not names or any(part in name for part in names)


def _passes(name: str, words: tuple[str, ...]) -> bool:
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - tools of our own environment
        words,
        cwd=ROOT,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    good = done.returncode == 0
    click.echo(f"{'ok  ' if good else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)")
    if not good:
        click.echo(done.stdout)
    return good
