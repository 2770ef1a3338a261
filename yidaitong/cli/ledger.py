"""The transparency log: its process, its opening, its export, and how it is checked."""

import sys
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress

from consent.ledger import verify as log_verifier
from consent.ledger.errors import LedgerForkError
from yidaitong.cli.context import as_json, installation, show, until_told
from yidaitong.jobs import exporting, publishing, recovery
from yidaitong.jobs import ledger as log
from yidaitong.kernel.settings import load_settings
from yidaitong.runtime import Runtime

# Whoever watches the process must be told apart from an ordinary crash: do not start it again.
FORKED: Final = 3


@click.group()
def ledger() -> None:
    """The transparency log."""


@ledger.command()
def run() -> None:
    """Sequence and publish until told to stop; exit code 3: going on would show two histories."""
    runtime = Runtime(load_settings())
    runtime.check_keys()
    try:
        until_told(log.LedgerLoop(runtime).run)
    except LedgerForkError as error:
        click.echo(f"error: {error.code}: {error}", err=True)
        sys.exit(FORKED)


@ledger.command()
@as_json
def init(*, as_json: bool) -> None:
    """Open the log. Safe to repeat."""
    with installation() as runtime:
        log.init(runtime)
        key = log.vkey(runtime)
    show({"vkey": key}, f"the log is open; its key is {key}", machine=as_json)


@ledger.command()
@as_json
def vkey(*, as_json: bool) -> None:
    """Print the log's verifier key, as a checker pins it."""
    with installation() as runtime:
        key = log.vkey(runtime)
    show({"vkey": key}, key, machine=as_json)


@ledger.command()
@as_json
def policy(*, as_json: bool) -> None:
    """Print the policy file checkers are given: our keys in force, our witnesses, the quorum."""
    with installation() as runtime:
        text = publishing.policy_text(runtime)
    show({"policy": text}, text.rstrip("\n"), machine=as_json)


@ledger.command("rotate-key")
@click.option("--compromised", is_flag=True, help="The old key never signs again.")
@as_json
def rotate_key(*, compromised: bool, as_json: bool) -> None:
    """Give the log a new key of the same name; both sign each head for the overlap."""
    with installation() as runtime:
        changed = log.rotate_key(runtime, compromised=compromised)
        text = publishing.policy_text(runtime)
    found = {
        "old_kid": changed.old_kid,
        "new_kid": changed.new_kid,
        "statement": changed.statement,
        "possession": changed.possession,
        "policy": text,
    }
    show(found, f"{changed.old_kid} → {changed.new_kid}\n{text}".rstrip("\n"), machine=as_json)


@ledger.command()
@click.argument("folder", type=click.Path(path_type=Path))
@as_json
def export(folder: Path, *, as_json: bool) -> None:
    """Write the published log to FOLDER, as files for any web server."""
    with installation() as runtime, Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("files")
        size = exporting.export_to(
            runtime,
            folder,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    show({"size": size, "folder": str(folder)}, f"{size} entries in {folder}", machine=as_json)


@ledger.command("adopt-head")
@click.option("--reason", required=True, help="A code or a ticket's number; it is audited.")
@as_json
def adopt_head(reason: str, *, as_json: bool) -> None:
    """Write a lost head file again from the newest signed head."""
    with installation() as runtime:
        done = recovery.adopt_head(runtime, reason)
    show({"size": done.size}, f"the head file holds size {done.size}", machine=as_json)


@ledger.command()
@click.option("--from", "folder", type=click.Path(path_type=Path, file_okay=False), required=True)
@as_json
def recover(folder: Path, *, as_json: bool) -> None:
    """Make a restored database whole again from an exported log; stop all processes first."""
    with installation() as runtime:
        done = recovery.recover(runtime, folder)
    lost = [{"type": leaf.type, "ref": str(leaf.ref), "n": leaf.n} for leaf in done.orphans]
    told = [f"{done.taken} leaves taken, the log has {done.size}", "acts without their rows:"]
    told += [f"  {leaf['type']} {leaf['ref']} {leaf['n']}" for leaf in lost] or ["  none"]
    found = {"size": done.size, "taken": done.taken, "orphans": lost}
    show(found, "\n".join(told), machine=as_json)


@ledger.command(
    "verify", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def verify_log(words: tuple[str, ...]) -> None:
    """Check a proof bundle, a receipt or an exported log: FILE|DIR --policy FILE|--vkey KEY."""
    code, said = log_verifier.run(list(words))
    click.echo(said)
    sys.exit(code)
