"""Our signing keys: which there are, and changing one."""

from datetime import UTC, datetime
from uuid import UUID

import click

from yidaitong.accounts import login, sessions
from yidaitong.accounts.commands import Credentials
from yidaitong.accounts.models import SessionKind
from yidaitong.cli.context import as_json, installation, show
from yidaitong.kernel.actor import SYSTEM, Actor
from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.kernel.errors import NotFoundError
from yidaitong.lending import retiring
from yidaitong.packets import rotating
from yidaitong.runtime import Runtime
from yidaitong.sandbox.keys import publish_platform_keys

_USES = click.Choice([use.value for use in KeyUse if use is not KeyUse.LOG])


@click.group()
def keys() -> None:
    """Our signing keys."""


@keys.command("list")
@as_json
def list_keys(*, as_json: bool) -> None:
    """Print all public keys as a JWK set, retired ones too."""
    with installation() as runtime, runtime.transaction(SYSTEM) as uow:
        found = uow.crypto.public_jwks(uow.session)
    lines = [f"{jwk['ydt_use']:<9} {jwk['kid']} since {jwk['ydt_from']}" for jwk in found["keys"]]
    show(found, "\n".join(lines), machine=as_json)


@keys.command()
@click.argument("use", type=_USES)
@click.option("--compromised", is_flag=True, help="Nothing signed with it from now on is valid.")
@click.option("--suite", default="intl", help="Its key in this crypto suite.")
@as_json
def rotate(use: str, *, compromised: bool, suite: str, as_json: bool) -> None:
    """Sign with a new key from now on, and print the statement for whoever pinned the old one."""
    with installation() as runtime:
        with runtime.transaction(SYSTEM) as uow:
            changed = rotating.rotate(uow, KeyUse(use), compromised=compromised, suite=suite)
        if runtime.settings.env != "prod":
            publish_platform_keys(runtime)  # What departments pin, the made-up ones read.
    answer = {
        "old_kid": changed.old_kid,
        "new_kid": changed.new_kid,
        "statement": changed.statement,
        "possession": changed.possession,
    }
    show(answer, f"{changed.old_kid} → {changed.new_kid}", machine=as_json)


@keys.command()
@click.argument("kid")
@as_json
def statement(kid: str, *, as_json: bool) -> None:
    """Print the statement by which KID took over, for whoever pinned the key before it."""
    with installation() as runtime, runtime.transaction(SYSTEM) as uow:
        found = uow.crypto.statement(uow.session, kid)
    if found is None:
        raise NotFoundError(f"no statement of {kid}")
    told, possession = found
    show({"statement": told, "possession": possession}, f"{told}\n{possession}", machine=as_json)


@keys.command("retire-evidence")
@click.option("--login", "name", prompt=True, help="Who orders it.")
@click.option("--password", prompt=True, hide_input=True, help="Asked for when it is not given.")
@click.option("--ended-before", type=click.DateTime(["%Y-%m-%d"]), help="Propose, up to this day.")
@click.option("--confirm", "order_id", type=click.UUID, help="Confirm what another proposed.")
@as_json
def retire_evidence(
    name: str,
    password: str,
    *,
    ended_before: datetime | None,
    order_id: UUID | None,
    as_json: bool,
) -> None:
    """Order the end of evidence whose term is over. It takes two persons; the daily job does it."""
    if (ended_before is None) == (order_id is None):
        raise click.UsageError("give either --ended-before or --confirm")
    with installation() as runtime:
        actor = signed_in(runtime, name, password)
        with runtime.transaction(actor) as uow:
            if order_id is not None:
                order = retiring.confirm(uow, order_id)
            else:
                day = ended_before or uow.now
                order = retiring.propose(uow, day.replace(tzinfo=UTC))
            answer = {"order_id": order.id, "confirmed": order.confirmed_at is not None}
    show(answer, f"order {answer['order_id']}", machine=as_json)


def signed_in(runtime: Runtime, name: str, password: str) -> Actor:
    """Whoever knows the password; the token is never shown."""
    with runtime.transaction(SYSTEM) as uow:
        given = Credentials(login=name, password=password, address="command line")
        challenge = login.begin(uow, given)
    proven = login.compare(challenge, password, runtime.settings.argon2_memory_kib)
    with runtime.transaction(SYSTEM) as uow:
        opened = login.finish(uow, proven, sessions.Opening(kind=SessionKind.BEARER))
    return opened.actor
