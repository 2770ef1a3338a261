"""Our signing keys: which there are, and changing one."""

import click

from yidaitong.cli.context import as_json, installation, show
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.uses import KeyUse
from yidaitong.packets import rotating
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
@as_json
def rotate(use: str, *, compromised: bool, as_json: bool) -> None:
    """Sign with a new key from now on, and print the statement for whoever pinned the old one."""
    with installation() as runtime:
        with runtime.transaction(SYSTEM) as uow:
            changed = rotating.rotate(uow, KeyUse(use), compromised=compromised)
        if runtime.settings.env != "prod":
            publish_platform_keys(runtime)  # What departments pin, the made-up ones read.
    answer = {
        "old_kid": changed.old_kid,
        "new_kid": changed.new_kid,
        "statement": changed.statement,
        "possession": changed.possession,
    }
    show(answer, f"{changed.old_kid} → {changed.new_kid}", machine=as_json)
