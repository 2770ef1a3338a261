"""A witness a bank runs: it cosigns heads of a log that continue those it saw before."""

import os
from pathlib import Path
from typing import Final

import click

from consent.ledger.policy import read_policy
from consent.ledger.witness import Witness
from consent.ledger.witnessapp import WitnessApp
from consent.ledger.witnessfiles import FileStore
from yidaitong.cli.context import as_json, show
from yidaitong.cli.serving import bind_to, descriptor_option, gunicorn, port_option
from yidaitong.kernel.clock import wall
from yidaitong.kernel.crypto import witnesskeys

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_NAMES: Final = ("state", "policy", "key")


@click.group()
def witness() -> None:
    """A witness of a log, as a bank runs it; needs no database and no settings."""


@witness.command()
@click.argument("name")
@click.option("--key", type=_FILE, required=True, help="The private file to make.")
@click.option("--post-quantum", is_flag=True, help="Add an ML-DSA-44 key.")
@as_json
def init(name: str, *, key: Path, post_quantum: bool, as_json: bool) -> None:
    """Make the key file of the witness NAME and print its verifier keys."""
    text = witnesskeys.make(name, post_quantum=post_quantum)
    try:
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"{key}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    found = [str(one.vkey) for one in witnesskeys.read(text)]
    show({"vkeys": found}, "\n".join(found), machine=as_json)


@witness.command()
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--policy", type=_FILE, required=True, help="Its log lines say what is watched.")
@click.option("--key", type=_FILE, required=True)
@port_option(8200)
@descriptor_option
def serve(state: Path, policy: Path, key: Path, *, port: int, fd: int | None) -> None:
    """Serve add-checkpoint and the last cosigned heads on this machine's own address."""
    make_app(state, policy, key)  # What is wrong is said now, not by a worker.
    for name, path in zip(_NAMES, (state, policy, key), strict=True):
        os.environ[f"YDT_WITNESS_{name.upper()}"] = str(path.resolve())
    words = gunicorn(f"{__package__}.witness:app()", bind_to(port, fd), workers=1, threads=4)
    os.execv(words[0], words)  # noqa: S606 - signals and exit code are the server's own


def app() -> WitnessApp:
    """What gunicorn imports: the witness named by ``YDT_WITNESS_*``."""
    return make_app(*(Path(os.environ[f"YDT_WITNESS_{name.upper()}"]) for name in _NAMES))


def make_app(state: Path, policy: Path, key: Path) -> WitnessApp:
    """The witness over these files.

    Raises:
        ClickException: a file cannot be read.
    """
    try:
        logs = read_policy(policy.read_bytes()).logs
        cosigners = witnesskeys.read(key.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"cannot read: {error}") from error
    judge = Witness(logs=logs, cosigners=cosigners, now=lambda: int(wall().timestamp()))
    return WitnessApp(FileStore(state), judge)
