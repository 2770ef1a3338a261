"""The key above all keys: its versions, moving keys to a newer one, destroying an old one."""

import sys
from dataclasses import asdict
from typing import Final
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress

from yidaitong.authorizations import keks, orders
from yidaitong.authorizations.order_kinds import OrderKind
from yidaitong.cli.context import as_json, installation, show
from yidaitong.cli.keys import keys, signed_in
from yidaitong.jobs import keks as changing
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keks.keyring import Version

__all__ = ["keys"]

BROKEN: Final = 1
UNFINISHED: Final = 3


@keys.command("keks")
@as_json
def list_keks(*, as_json: bool) -> None:
    """Print the versions of the key-encryption key; never a key."""
    with installation() as runtime, runtime.transaction(SYSTEM) as uow:
        found = keks.versions(uow)
        standing = keks.standing(uow)
    due = standing is not None and standing.due
    lines = [_told(one) for one in found]
    lines += ["the next version is due"] if due else []
    answer = {"versions": [asdict(one) for one in found], "due": due}
    show(answer, "\n".join(lines), machine=as_json)


@keys.command("new-kek")
@as_json
def new_kek(*, as_json: bool) -> None:
    """Wrap under the next version from now on; `keys rewrap` moves what is there."""
    with installation() as runtime:
        version, old = changing.next_version(runtime)
    show({"version": version, "old": old}, f"KEK {old} → {version}", machine=as_json)


@keys.command()
@as_json
def rewrap(*, as_json: bool) -> None:
    """Move every key to the active version, with progress. Safe to end and to repeat.

    Exit code: 0 all are under it, 1 some keys do not unwrap, 3 others hold some for now.
    """
    with installation() as runtime, Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("keys")
        done = changing.rewrap(
            runtime, lambda moved, total: bar.update(task, completed=moved, total=total)
        )
    rest = "" if done.finished else "; run it again for the rest"
    lines = [f"{done.moved} keys moved to KEK {done.version}{rest}"]
    lines += [f"does not unwrap: {about}" for about in done.broken]
    show(asdict(done), "\n".join(lines), machine=as_json)
    if done.broken:
        sys.exit(BROKEN)
    sys.exit(0 if done.finished else UNFINISHED)


@keys.command("destroy-kek")
@click.argument("version", type=click.IntRange(min=1), required=False)
@click.option("--login", "name", prompt=True, help="Who orders it.")
@click.option("--password", prompt=True, hide_input=True, help="Asked for when it is not given.")
@click.option("--confirm", "order_id", type=click.UUID, help="Confirm what another proposed.")
@as_json
def destroy_kek(
    version: int | None,
    name: str,
    password: str,
    *,
    order_id: UUID | None,
    as_json: bool,
) -> None:
    """Order the end of an old VERSION. It takes two persons, seven days after its last key left."""
    if (version is None) == (order_id is None):
        raise click.UsageError("give either VERSION or --confirm")
    with installation() as runtime:
        actor = signed_in(runtime, name, password)
        with runtime.transaction(actor) as uow:
            if order_id is not None:
                orders.confirm(uow, order_id)
            else:
                order_id = orders.propose(uow, _proposal(version or 0))
            answer = {"order_id": order_id, "confirmed": version is None}
    show(answer, f"order {order_id}", machine=as_json)


def _proposal(version: int) -> orders.Propose:
    return orders.Propose(
        kind=OrderKind.DESTROY_KEK,
        target_id=keks.kek_id(version),
        reason_class="KEK_RETIRED",
        case_number=f"KEK-{version}",
        terms={"version": str(version)},
    )


def _told(one: Version) -> str:
    state = "wraps"
    if one.destroyed_at is not None:
        state = f"destroyed {one.destroyed_at:%Y-%m-%d}"
        state += "; take it away from this process" if one.held else ""
    elif one.retired_at is not None:
        state = f"retired {one.retired_at:%Y-%m-%d}"
        state += f", left by its last key {one.rewrapped_at:%Y-%m-%d}" if one.rewrapped_at else ""
    return f"{one.version:>4} since {one.created_at:%Y-%m-%d}: {state}"
