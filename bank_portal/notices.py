"""Notices to the bank: list, read, acknowledge; and the address it takes them at."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import fields

from bank_portal import keys
from bank_portal.blueprints import api, pages
from bank_portal.schemas import ROWS
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.schema import CommandSchema, Line
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.notices import acknowledging, endpoints, queries
from yidaitong.notices.lifecycle import ACTS
from yidaitong.notices.queries import NoticeGroup
from yidaitong.web.views import Work, requires, requires_work, use_command


class NoticeQuery(CommandSchema):
    """Which notices, newest first; ``after`` is the last id seen."""

    group = fields.Enum(NoticeGroup, by_value=True, load_default=None)
    after = fields.UUID(load_default=None)


class EndpointSchema(CommandSchema):
    """Where the bank takes notices."""

    url = Line(required=True, max_length=endpoints.MAX_URL)


class AckSchema(CommandSchema):
    """The bank's signed answer to a notice (compact JWS)."""

    ack = fields.String(required=True)


class NoticeSchema(CommandSchema):
    """One notice; ``jws`` is the signed message itself."""

    id = fields.UUID()
    act = fields.String(data_key="event")
    chain_id = fields.UUID()
    consent_id = fields.UUID()
    digest = fields.String()
    entry_id = fields.Integer()
    effective_at = fields.AwareDateTime()
    must_ack = fields.Boolean()
    state = fields.String()
    sha256 = fields.String()
    jws = fields.String()
    sent_at = fields.AwareDateTime(allow_none=True)
    acked_at = fields.AwareDateTime(allow_none=True)
    escalated_at = fields.AwareDateTime(allow_none=True)


@pages.get("/notices")
@requires(queries.READ)
@use_command(NoticeQuery, location="query")
def notice_list(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """What happened to the bank's consents, and where it is told."""
    return _listed(uow, query)


@pages.get("/notices/all")
@requires(queries.READ)
def all_notices(uow: UnitOfWork) -> ResponseReturnValue:
    """All notices from the newest on."""
    return _listed(uow, {"group": None, "after": None})


@pages.post("/notices/<uuid:notice_id>/acknowledgement")
@requires(acknowledging.ACK)
def sign_notice(uow: UnitOfWork, notice_id: UUID) -> ResponseReturnValue:
    """Sign with the bank's key that it has taken note."""
    key = PrivateKey.read(keys.private_jwk(uow, keys.ACK), use="sig")
    found = queries.notice_for(uow, notice_id)
    acknowledging.acknowledge(uow, notice_id, acknowledging.answer(uow, key, found))
    flash(_("Acknowledged: the answer carries your bank's signature."), "success")
    return redirect(url_for(".notice_list"), 303)


@pages.post("/notices/address")
@requires_work(endpoints.PROPOSE)
@use_command(EndpointSchema, page=all_notices)
def propose_address(work: Work, command: dict[str, str]) -> ResponseReturnValue:
    """Put an address forward; the service centre puts it into use."""
    wanted = endpoints.checked(work.runtime.settings, work.actor.bank_id, command["url"])
    with work.transaction() as uow:
        endpoints.propose(uow, wanted)
    flash(_("Proposed: a second person at the service centre puts it into use."), "success")
    return redirect(url_for(".notice_list"), 303)


@pages.post("/notices/address/<uuid:endpoint_id>/stop")
@requires(endpoints.PROPOSE)
def stop_address(uow: UnitOfWork, endpoint_id: UUID) -> ResponseReturnValue:
    """Take no more notices at an address."""
    endpoints.revoke(uow, endpoint_id)
    flash(_("Stopped: notices wait here until another address is in use."), "success")
    return redirect(url_for(".notice_list"), 303)


@api.get("/notices")
@api.response(200, NoticeSchema(many=True))
@requires(queries.READ)
@use_command(NoticeQuery, location="query")
def list_notices(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """Notices to the bank, newest first: also those its address did not take."""
    return queries.inbox(uow, query["group"], query["after"], ROWS)


@api.get("/notices/<uuid:notice_id>")
@api.response(200, NoticeSchema)
@requires(queries.READ)
def read_notice(uow: UnitOfWork, notice_id: UUID) -> Any:
    """One notice."""
    return queries.notice_for(uow, notice_id)


@api.post("/notices/<uuid:notice_id>/ack")
@api.response(200, NoticeSchema)
@requires(acknowledging.ACK)
@use_command(AckSchema, location="json")
def acknowledge_notice(uow: UnitOfWork, command: dict[str, str], notice_id: UUID) -> Any:
    """Hand in the bank's signed answer; a second one changes nothing."""
    return acknowledging.acknowledge(uow, notice_id, command["ack"])


@api.post("/callback-address")
@api.response(201, description="Proposed: a second person at the centre puts it into use")
@requires_work(endpoints.PROPOSE)
@use_command(EndpointSchema, location="json")
def put_address_forward(work: Work, command: dict[str, str]) -> Any:
    """Propose the address the bank takes notices at."""
    wanted = endpoints.checked(work.runtime.settings, work.actor.bank_id, command["url"])
    with work.transaction() as uow:
        made = endpoints.propose(uow, wanted)
        return {"id": str(made.id), "url": made.url, "state": made.state.value}


def _listed(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    rows = queries.inbox(uow, query["group"], query["after"], ROWS + 1)
    return render_template(
        "bank/notices.html",
        rows=rows[:ROWS],
        more=rows[ROWS - 1].id if len(rows) > ROWS else None,
        query=query,
        groups=list(NoticeGroup),
        addresses=queries.addresses(uow, uow.actor.bank_id),
        has_keys=keys.has_keys(uow),
        words={act.value: text for act, text in ACTS.items()},
    )
