"""Keys of others: writing a statement, taking one over, and what a key touched."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import click

from yidaitong.cli.context import as_json, installation, show
from yidaitong.cli.keks import keys
from yidaitong.cli.keys import signed_in
from yidaitong.departments import pins
from yidaitong.departments.registry import DEPARTMENTS
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import iso_ms, wall
from yidaitong.kernel.crypto.errors import JoseError
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.crypto.statements import MAX_BYTES, KeyChange, Plan, write_bundle
from yidaitong.oversight import touched as touching
from yidaitong.packets import keychanges
from yidaitong.runtime import Runtime

__all__ = ["keys"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_login = click.option("--login", "name", prompt=True, help="Who does it.")
_password = click.option("--password", prompt=True, hide_input=True, help="Asked for if not given.")


@keys.command()
@click.argument("owner")
@click.option("--old", type=_FILE, required=True, help="Private JWK that is pinned now.")
@click.option("--new", "new_files", type=_FILE, multiple=True, required=True, help="Private JWK.")
@click.option("--retire", multiple=True, help="kid to retire; more than one may be given.")
@click.option("--reason", default="YEARLY", show_default=True)
def announce(
    owner: str,
    old: Path,
    new_files: tuple[Path, ...],
    retire: tuple[str, ...],
    reason: str,
) -> None:
    """Write the statement of OWNER, a bank or a department: run where the private keys are.

    Needs no installation. The text holds public keys and signatures only.
    """
    plan = Plan(owner=owner, retire=retire, from_at=iso_ms(wall()), reason=reason)
    try:
        signer = PrivateKey.read(_jwk(old), use="sig")
        click.echo(write_bundle(signer, [_jwk(file) for file in new_files], plan))
    except JoseError as error:
        raise click.UsageError(f"not a private key we use: {error}") from error


@keys.command()
@click.argument("file", type=_FILE)
@click.option("--owner", required=True, help="A bank's id or a department's code.")
@_login
@_password
@as_json
def propose(file: Path, owner: str, name: str, password: str, *, as_json: bool) -> None:
    """Put the statement in FILE forward; another person takes it over."""
    if file.stat().st_size > MAX_BYTES:
        raise click.UsageError("no statement is that long")
    command = keychanges.ProposeStatement(owner=owner, bundle=file.read_text(encoding="utf-8"))
    with installation() as runtime:
        actor = signed_in(runtime, name, password)
        with runtime.transaction(actor) as uow:
            row = keychanges.propose(uow, command)
            answer = {"statement_id": row.id, "owner": row.owner, "sha256": row.sha256}
    show(answer, f"statement {answer['statement_id']}", machine=as_json)


@keys.command("take-over")
@click.argument("statement_id", type=click.UUID)
@click.option("--again", is_flag=True, help="Write a department's pins once more.")
@_login
@_password
@as_json
def take_over(statement_id: UUID, name: str, password: str, *, again: bool, as_json: bool) -> None:
    """Take a statement over that another person put forward."""
    with installation() as runtime:
        actor = signed_in(runtime, name, password)
        with runtime.transaction(actor) as uow:
            change = (keychanges.again if again else keychanges.confirm)(uow, statement_id)
        _pin(runtime, change)
    added = [key.kid for key in change.add]
    answer = {"owner": change.owner, "added": added, "retired": list(change.retire)}
    text = f"{change.owner}: {len(added)} added, {len(change.retire)} retired"
    show(answer, text, machine=as_json)


@keys.command()
@as_json
def waiting(*, as_json: bool) -> None:
    """Statements nobody took over yet."""
    with installation() as runtime, runtime.transaction(SYSTEM) as uow:
        rows = keychanges.waiting(uow)
        found = [
            {"statement_id": row.id, "owner": row.owner, "proposed_at": row.proposed_at}
            for row in rows
        ]
    text = "\n".join(f"{one['statement_id']} {one['owner']}" for one in found) or "none"
    show(found, text, machine=as_json)


@keys.command()
@click.argument("kid")
@as_json
def touched(kid: str, *, as_json: bool) -> None:
    """List everything KID signed, or that was sealed to it or answered under it."""
    with installation() as runtime, runtime.transaction(SYSTEM) as uow:
        holder = touching.holder_of(uow, kid)
        found = [asdict(one) for one in touching.touched(uow, holder)]
    counts = Counter((one["kind"], one["bank_id"] or "") for one in found)
    lines = [f"{holder.use} key of {holder.owner} since {holder.from_at or 'the beginning'}"]
    lines += [f"{count:>8} {kind} {bank}" for (kind, bank), count in sorted(counts.items())]
    show({"key": asdict(holder), "touched": found}, "\n".join(lines), machine=as_json)


def _jwk(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{file.name} is no JSON") from error
    if not isinstance(found, dict):
        raise click.UsageError(f"{file.name} is no JWK")
    return found


def _pin(runtime: Runtime, change: KeyChange) -> None:
    if change.owner in DEPARTMENTS:
        pins.take_over(runtime.settings.gateway_keys_file, change)
