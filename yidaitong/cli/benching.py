"""``bench``: the benchmarks of tests/bench, each a program with its own goals and limits."""

import subprocess
import sys

import click

from yidaitong.cli.serving import ROOT

_FOLDER = ROOT / "tests" / "bench"


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(name: str, arguments: tuple[str, ...]) -> None:
    """Measure NAME (for one: ledger); --json for machines.

    Exit code: 0 all goals are reached, 1 one is not, 2 one could not be measured.
    """
    if not name.isalpha() or not (_FOLDER / f"{name}.py").is_file():
        raise click.BadParameter("no such benchmark", param_hint="NAME")
    words = [sys.executable, "-m", f"tests.bench.{name}", *arguments]
    sys.exit(subprocess.run(words, cwd=ROOT, check=False).returncode)  # noqa: S603 - our own tool
