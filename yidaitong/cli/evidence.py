"""Checking what is kept: sealed packets offline, and the rows of an installation."""

import sys
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from yidaitong.authorizations import keks
from yidaitong.cli.context import as_json, installation, show
from yidaitong.embedded.errors import EmbeddedError
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.keks.provider import KekUnavailableError
from yidaitong.kernel.settings import SettingsError
from yidaitong.oversight.invariants.checks import Finding
from yidaitong.oversight.invariants.running import check_all
from yidaitong.packets.verify import Report
from yidaitong.packets.verifying import Files, verify_files

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
BROKEN: Final = 1
CANNOT_LOOK: Final = 2


@click.group()
def packet() -> None:
    """Sealed data packets."""


@packet.command("verify")
@click.argument("packet", type=_FILE)
@click.option("--key", type=_FILE, required=True, help="The bank's private key, a JWK.")
@click.option("--keys", type=_FILE, required=True, help="Pinned public keys, a JWK set.")
@click.option("--policy", type=_FILE, help="Policy of the log: keys, witnesses, quorum.")
@click.option("--vkey", type=_FILE, help="Only the log's verifier key: no witness is asked for.")
@click.option("--audience", help="The bank's id; default: the owner named in its key.")
@click.option("--expect-pull", help="The pull this packet must answer.")
@click.option("--seen", type=_FILE, help="Ids of packets taken before; the new one is added.")
@click.option("--out", type=_FILE, help="Write the plaintext there, after success only.")
@as_json
def verify_packet(*, as_json: bool, **given: Path | str | None) -> None:
    """Check a packet without network or database.

    Exit code: 0 verified, 1 refused, 2 a file cannot be read, 3 cannot decide.
    """
    report, code = verify_files(Files(**given))  # type: ignore[arg-type]  # named as the options
    show(report.as_json(), _told(report), machine=as_json)
    sys.exit(code)


def _told(report: Report) -> str:
    lines = [
        f"{'ok  ' if check['ok'] else 'FAIL'} {check['name']} {check['detail']}".rstrip()
        for check in report.checks
    ]
    verdict = f"packet {report.packet_id} verified" if report.ok else f"refused: {report.code}"
    return "\n".join([*lines, verdict])


@click.group()
def ops() -> None:
    """Running an installation."""


@ops.command()
@click.option("--full", is_flag=True, help="Look at everything; so far every look does.")
@as_json
def check(*, full: bool, as_json: bool) -> None:  # noqa: ARG001 - part of the agreed command
    """Check the audit invariants in one read-only snapshot; ids only, never values.

    Exit code: 0 all hold, 1 one is broken, 2 cannot look.
    """
    try:
        with installation() as runtime, runtime.transaction(SYSTEM) as uow:
            findings = check_all(uow)
            standing = keks.standing(uow)
    except (SQLAlchemyError, EmbeddedError, SettingsError, KekUnavailableError) as error:
        # Messages of the database may quote rows.
        why = type(error).__name__ if isinstance(error, SQLAlchemyError) else error
        click.echo(f"error: cannot look: {why}", err=True)
        sys.exit(CANNOT_LOOK)
    if standing is not None and standing.due:
        told = f"KEK version {standing.version} is {standing.age_days} days old: the next is due"
        click.echo(f"warning: {told}", err=True)
    if as_json:
        show([_as_json(finding) for finding in findings], "", machine=True)
    else:
        Console().print(_table(findings))
    sys.exit(0 if all(finding.ok for finding in findings) else BROKEN)


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "ok": finding.ok,
        "breaks": finding.breaks,
        "examples": list(finding.examples),
    }


def _table(findings: list[Finding]) -> Table:
    table = Table("", "id", "always true", "breaks", box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]ok[/green]" if finding.ok else "[red]FAIL[/red]"
        breaks = "" if finding.ok else f"{finding.breaks}: {' '.join(finding.examples)}"
        table.add_row(mark, finding.id, finding.text.en, breaks)
    return table
