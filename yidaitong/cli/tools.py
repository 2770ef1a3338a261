"""Short commands on an installation: its schema, its routes."""

import importlib
import os
import sys
from typing import Any

import click
from flask import Flask
from rich.console import Console
from rich.table import Table

from yidaitong.cli.context import as_json, configured, show
from yidaitong.cli.serving import ROOT
from yidaitong.embedded.home import open_home, variables
from yidaitong.migrations import migrate as migrations


@click.command()
def migrate() -> None:
    """Create the database when it is missing and bring it to the newest schema."""
    with configured() as settings:
        migrations.ensure_database(settings.owner_database_url)
        migrations.upgrade(settings.owner_database_url)
    click.echo("the schema is up to date")


@click.command()
@as_json
def routes(*, as_json: bool) -> None:
    """Every address, its methods and the permission it needs."""
    found = [_described(rule) for rule in _application().url_map.iter_rules()]
    found.sort(key=lambda row: (row["path"], row["methods"]))
    if as_json:
        show(found, "", machine=True)
        return
    table = Table("path", "methods", "permission", box=None)
    for row in found:
        table.add_row(row["path"], row["methods"], row["permission"])
    Console().print(table)


def _application() -> Flask:
    """The composition root's application; it connects to nothing until it is asked something."""
    nowhere = {"YDT_DATABASE_URL": "postgresql:///none", "YDT_REDIS_URL": "redis://127.0.0.1:1"}
    os.environ.update(variables(open_home(os.environ), {**nowhere, **os.environ}))
    sys.path.insert(0, str(ROOT))
    found: Flask = importlib.import_module("wsgi").app
    return found


def _described(rule: Any) -> dict[str, str]:
    app: Flask = importlib.import_module("wsgi").app
    view = app.view_functions[rule.endpoint]
    # A class of flask-smorest carries none; its methods do.
    permission = getattr(view, "__permission__", "")
    methods = " ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
    return {"path": rule.rule, "methods": methods, "permission": permission}
