"""Who saw my data: every line asked, refusal, fetch and look, on a page, as a file, by API."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from marshmallow import fields
from marshmallow.validate import Range

from enterprise_portal.blueprints import api, pages
from enterprise_portal.moments import ROLES
from enterprise_portal.names import Names
from enterprise_portal.schemas import PAGE
from yidaitong.authorizations.purposes import TERMS, Purpose
from yidaitong.departments.queries import department_of
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.clock import iso_ms
from yidaitong.kernel.schema import CommandSchema
from yidaitong.kernel.tables import as_csv
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import access
from yidaitong.pulls.lifecycle import LineStatus
from yidaitong.web.views import requires, use_command

CENTRE = Text("服务中心", "Service centre")
_CODES = {
    "FETCHED": Text("银行取走数据包", "The bank fetched the packet"),
    "VIEWED": Text("政务人员查看档案", "An official viewed the file"),
    **{status.value: status.text for status in LineStatus},
}
_HEAD = [
    "access_id",
    "at",
    "entry",
    "index",
    "type",
    "code",
    "bank_id",
    "role",
    "operator_id",
    "purpose",
    "resource",
    "fields",
    "row_count",
    "consent_id",
    "pull_id",
    "packet_sha256",
    "ack_state",
    "copy_state",
]


class AccessQuery(CommandSchema):
    """A page, newest first; ``before`` is the last entry seen."""

    before = fields.Integer(load_default=None, validate=Range(min=0, max=2**53))
    chain_id = fields.UUID(load_default=None)


class AccessSchema(CommandSchema):
    """One access."""

    access_id = fields.UUID()
    entry_id = fields.Integer()
    index = fields.Integer(allow_none=True)
    at = fields.AwareDateTime()
    type = fields.String()
    code = fields.String()
    role = fields.String()
    operator_id = fields.String(allow_none=True)
    consent_id = fields.UUID(allow_none=True)
    pull_id = fields.UUID(allow_none=True)
    bank_id = fields.String(allow_none=True)
    purpose = fields.String(allow_none=True)
    resource = fields.String(allow_none=True)
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
    row_count = fields.Integer(allow_none=True)
    packet_sha256 = fields.String(allow_none=True)
    ack_state = fields.String(allow_none=True)
    copy_state = fields.String(allow_none=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """One access with its names."""

    one: access.Access
    words: Text
    by: Text
    role: Text
    purpose: Text
    department: Text | None
    subject: Text | None


@pages.get("/access")
@requires(access.READ)
@use_command(AccessQuery, location="query")
def accesses(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """Every access, newest first."""
    rows = _rows(uow, query, PAGE + 1)
    return render_template(
        "enterprise/access.html",
        rows=[_seen(Names(uow), one) for one in rows[:PAGE]],
        more=rows[PAGE - 1].entry_id if len(rows) > PAGE else None,
        query=query,
    )


@pages.get("/access/file")
@requires(access.READ)
@use_command(AccessQuery, location="query")
def access_file(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """The same for a spreadsheet; the oldest entry continues it by ``before``."""
    body = as_csv(_HEAD, (_cells(one) for one in _rows(uow, query, access.MAX_ROWS)))
    answer = Response(body, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="access.csv"'
    return answer


@pages.get("/access/<uuid:access_id>/proof")
@requires(access.READ)
def access_proof(uow: UnitOfWork, access_id: UUID) -> ResponseReturnValue:
    """The proof that one access stands in the public log, as a file."""
    found = json.dumps(access.proof_of_access(uow, access_id), ensure_ascii=False, indent=2)
    answer = Response(found, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="access-{access_id}.json"'
    return answer


@api.get("/access")
@api.response(200, AccessSchema(many=True))
@requires(access.READ)
@use_command(AccessQuery, location="query")
def list_accesses(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """Who saw what, newest first; continue with ``before`` = the last ``entry_id``."""
    return [asdict(one) for one in _rows(uow, query, PAGE)]


@api.get("/access/<uuid:access_id>/proof")
@api.response(200, description="Leaf, opening and proof")
@requires(access.READ)
def read_access_proof(uow: UnitOfWork, access_id: UUID) -> Any:
    """The proof of one access."""
    return access.proof_of_access(uow, access_id)


def _rows(uow: UnitOfWork, query: dict[str, Any], limit: int) -> list[access.Access]:
    return access.access_of_enterprise(
        uow, chain_id=query["chain_id"], before=query["before"], limit=limit
    )


def _seen(names: Names, one: access.Access) -> Seen:
    known = one.resource if one.resource in RESOURCES else None
    refused = Text(f"拒绝 {one.code}", f"refused: {one.code}")
    purpose = one.purpose or ""
    plain = Text(purpose, purpose)
    official = one.bank_id is None and one.code == "VIEWED"
    return Seen(
        one=one,
        words=_CODES.get(one.code, refused),
        by=CENTRE if official else names.bank(one.bank_id),
        role=ROLES.get(one.role, Text(one.role, one.role)),
        purpose=TERMS[Purpose(purpose)].text if purpose in set(Purpose) else plain,
        department=department_of(known).text if known else None,
        subject=RESOURCES[known].text if known else None,
    )


def _cells(one: access.Access) -> Sequence[object]:
    found = asdict(one) | {
        "at": iso_ms(one.at),
        "entry": one.entry_id,
        "fields": " ".join(one.fields),
    }
    return [found[name] for name in _HEAD]
