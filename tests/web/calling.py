"""Every operation of the app as its schema says it: what to send, sent by whom, and what is left.

Read from the app itself (rules, permissions, schemas): a new route is here the day it is made.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from html import unescape
from typing import Any, Final

from flask import Flask
from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from bank_portal.fields import Whole
from tests.authorizations.people import PASSWORD as AGENTS_PASSWORD
from tests.enterprise_portal.builders import Person
from tests.signing import as_bytes
from tests.web.city import City
from tests.web.walking import UNSAFE
from yidaitong.accounts import sessions, stepup
from yidaitong.accounts.models import SessionKind
from yidaitong.accounts.roles import ROLES
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.clock import business_date, wall
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.schema import WanField, YuanField
from yidaitong.runtime import Runtime
from yidaitong.sandbox.staff import PASSWORD
from yidaitong.web.views import PUBLIC, realm_of_path

DIGEST: Final = "A" * 43
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')
# Which of the city's people hold which roles.
ROLES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "nobody": (),
    "rep": ("ent_rep",),
    "clerk": ("ent_agent",),
    "agent": ("ent_agent", "ent_signatory", "ent_signer"),
    "qilu.maker": ("bank_maker",),
    "qilu.checker": ("bank_checker",),
    "qilu.product": ("bank_product",),
    "centre.officer": ("centre_officer",),
    "centre.checker": ("centre_checker",),
    "gov.viewer": ("gov_viewer",),
    "gov.auditor": ("auditor",),
    "gov.operator": ("operator",),
}


@dataclass(frozen=True)
class Operation:
    """One verb at one rule; ``location`` is form, json, or empty where no command is read."""

    endpoint: str
    method: str
    rule: Rule
    permission: str
    location: str
    schema: type[Schema] | None
    step_up: bool

    @property
    def is_api(self) -> bool:
        return self.rule.rule.startswith("/api/")

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule.rule}"

    def may(self, person: str) -> bool:
        """Whether one of the city's people holds the permission, in the realm of the path."""
        if self.permission == PUBLIC:
            return True
        held = [ROLES[code] for code in ROLES_OF[person]]
        realm = realm_of_path(self.rule.rule)
        return any(
            self.permission in role.permissions and realm in {None, role.realm} for role in held
        )


def operations(app: Flask, methods: frozenset[str]) -> Iterator[Operation]:
    """All of them, in the order of their rules."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        view: Any = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) & methods):
            taken = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
            named = [one for one in taken if one["in"] in {"form", "json"}]
            yield Operation(
                rule.endpoint,
                method,
                rule,
                getattr(view, "__permission__", PUBLIC),
                named[0]["in"] if named else "",
                named[0]["schema"] if named else None,
                getattr(view, "__step_up__", False),
            )


def changing(app: Flask) -> list[Operation]:
    """All operations that may change something."""
    return list(operations(app, UNSAFE))


def valid_body(operation: Operation) -> dict[str, Any]:
    """A body the schema takes; what it names need not be there."""
    if operation.schema is None:
        return {}
    text_only = operation.location == "form"
    found: dict[str, Any] = {}
    for name, one in operation.schema().load_fields.items():
        value = _BY_NAME.get(name, _value(one)) if one.required or name in _ALWAYS else None
        if value is not None:
            found[one.data_key or name] = _as_text(value) if text_only else value
    return found | _OVERRIDES.get(operation.endpoint, {})


_ALWAYS: Final = frozenset({"digest", "password", "read", "name", "id_number", "mobile"})
_BY_NAME: Final[Mapping[str, Any]] = {
    "digest": DIGEST,
    "read": True,
    "serial": "C1",
    "uscc": "91370199MA31U2DL73",
    "id_number": "370199197403150015",
    "mobile": "13805310000",
    "rx": "a.b.c",
}
_OVERRIDES: Final[Mapping[str, dict[str, Any]]] = {
    "gov.propose_order": {"reason_class": "OPERATOR_ORDER"},
}


def _value(one: fields.Field[Any]) -> Any:
    """Something a field takes."""
    choices = [rule for rule in one.validators if isinstance(rule, OneOf)]
    if choices:
        return next(iter(choices[0].choices))
    for kind, make in _OF_KIND.items():
        if isinstance(one, kind):
            return make(one)
    return "x"


def _member(one: Any) -> Any:
    member: Enum = next(iter(one.enum))
    return member.value if one.by_value else member.name


def _lowest(one: fields.Field[Any]) -> Any:
    return next((rule.min for rule in one.validators if isinstance(rule, Range)), 1)


_OF_KIND: Final[Mapping[type[Any], Callable[[Any], Any]]] = {
    fields.List: lambda one: [_value(one.inner)],
    Whole: lambda one: one.low,
    fields.Enum: _member,
    fields.UUID: lambda _: str(uuid7()),
    fields.Boolean: lambda _: True,
    fields.Integer: _lowest,
    fields.Date: lambda _: (business_date(wall()) + timedelta(days=30)).isoformat(),
    YuanField: lambda _: "100000.00",
    WanField: lambda _: "10",
}


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return [str(one) for one in value] if isinstance(value, list) else str(value)


def path_of(app: Flask, operation: Operation, ids: Mapping[str, Any]) -> str:
    """The address with ``ids`` in it.

    Raises:
        KeyError: an argument nobody has named yet: say what it is in ``tests/web/city.py``.
    """
    values = {name: ids[name] for name in operation.rule.arguments}
    with app.test_request_context():
        return str(
            app.url_map.bind("localhost").build(operation.endpoint, values, operation.method)
        )


def password_of(name: str) -> str:
    return AGENTS_PASSWORD if name in {"clerk", "agent"} else PASSWORD


def step_up_token(runtime: Runtime, person: Person, digest: str) -> str:
    """A proof bound to ``digest``, as if the password had been given again."""
    with runtime.transaction(SYSTEM) as uow:
        visitor = sessions.visitor_of(uow, person.token, SessionKind.BEARER)
    assert visitor is not None
    with runtime.transaction(visitor.actor) as uow:
        return stepup.issue(uow, digest)


def csrf_of(person: Person) -> str:
    """The token of this person's session."""
    if "csrf" not in person.headers:
        shown = person.client.get("/account" if person.login else "/login").text
        found = _TOKEN.search(shown)
        assert found is not None
        person.headers["csrf"] = unescape(found[1])
    return person.headers["csrf"]


def send(
    city: City, name: str, operation: Operation, path: str, body: Mapping[str, Any]
) -> TestResponse:
    """One call by one of the city's people."""
    person = city.people[name]
    if operation.is_api:
        return _call_api(city, name, operation, path, body)
    if operation.method == "GET":
        return person.client.get(path, buffered=True)
    form = {"csrf_token": csrf_of(person), **body}
    if operation.step_up or "password" in body:
        form["password"] = password_of(name)
    return person.client.open(path, method=operation.method, data=form, buffered=True)


def _call_api(
    city: City, name: str, operation: Operation, path: str, body: Mapping[str, Any]
) -> TestResponse:
    person = city.people[name]
    headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}
    digest = body.get("digest")
    if isinstance(digest, str) and person.token and operation.may(name):
        headers["Step-Up-Token"] = step_up_token(city.runtime, person, digest)
    sent = as_bytes(dict(body)) if operation.location == "json" else b""
    return person.client.open(
        path,
        method=operation.method,
        data=sent or None,
        headers=person.signed(operation.method, path, sent, headers),
        content_type="application/json" if sent else None,
        buffered=True,
    )


# What notes reads, sessions and refusals; jobs promised by the clock.
_MOVING: Final = frozenset(
    {
        "audit_event", "refusal_count", "user_session", "step_up", "login_tries",
        "verification_tries", "message_nonce",
    }
)  # fmt: skip


def contents(runtime: Runtime) -> dict[str, tuple[int, str]]:
    """Rows and a hash of all contents of every table but those that note attempts."""
    with runtime.transaction(SYSTEM) as uow:
        names = uow.session.execute(
            text(
                "SELECT table_schema, table_name FROM information_schema.tables "
                "WHERE table_schema IN ('public', 'consent', 'ledger') "
                "AND table_type = 'BASE TABLE' AND has_table_privilege("
                "quote_ident(table_schema) || '.' || quote_ident(table_name), 'SELECT')"
            )
        ).all()
        found = {}
        for schema, table in names:
            if table in _MOVING:
                continue
            rows = uow.session.scalars(
                text(f'SELECT t::text FROM {schema}."{table}" AS t ORDER BY 1')  # noqa: S608 - names come from the catalogue
            ).all()
            digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
            found[f"{schema}.{table}"] = (len(rows), digest)
        return found
