"""Every route of the app with something in place of its path arguments; counting rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule

from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.ids import uuid7
from yidaitong.runtime import Runtime

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Sessions note when they were seen; refusals are audited on purpose.
_MOVING = frozenset({"audit_event", "refusal_count", "user_session", "login_tries"})


@dataclass(frozen=True)
class Route:
    """One way to call one rule."""

    endpoint: str
    method: str
    path: str


def routes(app: Flask, methods: frozenset[str], words: str = "x") -> Iterator[Route]:
    """All rules with one of ``methods``; ids in paths belong to nothing."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & methods):
            yield Route(rule.endpoint, method, _path(app, rule, words))


def _path(app: Flask, rule: Rule, words: str) -> str:
    values: dict[str, object] = {}
    for name in rule.arguments:
        converter = type(rule._converters[name]).__name__
        values[name] = {"UUIDConverter": uuid7(), "IntegerConverter": 1}.get(converter, words)
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def counts(rt: Runtime) -> Mapping[str, int]:
    """Rows of every table but those that note reads."""
    with rt.transaction(SYSTEM) as uow:
        names = uow.session.execute(
            text(
                "SELECT table_schema || '.\"' || table_name || '\"', table_name "
                "FROM information_schema.tables "
                "WHERE table_schema IN ('public', 'consent', 'ledger') "
                "AND table_type = 'BASE TABLE'"
                " AND has_table_privilege(quote_ident(table_schema)||'.'||quote_ident(table_name),"
                " 'SELECT')"
            )
        ).all()
        return {
            name: uow.session.execute(text(f"SELECT count(*) FROM {address}")).scalar_one()  # noqa: S608 - names come from the catalogue
            for address, name in names
            if name not in _MOVING
        }
