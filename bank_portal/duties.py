"""What the bank owes for its copies: lists, signed erasure, legal holds, disputes."""

import base64
import re
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import fields

from bank_portal import keys
from bank_portal.blueprints import api, pages
from bank_portal.case_view import product_names
from bank_portal.schemas import ROWS, EmptySchema
from yidaitong.kernel.clock import SHANGHAI
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.schema import CommandSchema, Line
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.packets import acking, attesting, duties, holding, queries
from yidaitong.packets.duties import DutyGroup
from yidaitong.packets.lifecycle import HoldBasis
from yidaitong.web.views import requires, use_command

_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_REFUSED: Final = "PORTAL"


class DutyQuery(CommandSchema):
    """Which duties; ``after`` is the last packet seen."""

    group = fields.Enum(DutyGroup, by_value=True, load_default=None)
    after = fields.UUID(load_default=None)


class ErasureForm(CommandSchema):
    """Which copies were erased and how."""

    packets = fields.List(Line(max_length=64), required=True)
    method = fields.Enum(attesting.Method, by_value=True, required=True)
    operator = Line(required=True, max_length=64)


class ErasureSchema(CommandSchema):
    """The bank's signed list of erased copies, a compact JWS."""

    attestation = fields.String(required=True)


class HoldSchema(CommandSchema):
    """Which law keeps a copy, for what, until the end of which day, proved by which document."""

    basis = fields.Enum(HoldBasis, by_value=True, required=True)
    scope = Line(required=True, max_length=200)
    until = fields.Date(required=True)
    evidence_sha256 = Line(required=True, max_length=64)


class DutySchema(CommandSchema):
    """One copy and what is owed for it."""

    packet_id = fields.UUID()
    chain_id = fields.UUID()
    application_id = fields.UUID(allow_none=True)
    product_id = fields.String()
    personal = fields.Boolean()
    packet_sha256 = fields.String()
    state = fields.String()
    opened_at = fields.AwareDateTime()
    erase_due_at = fields.AwareDateTime()
    use_ended_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    overdue_at = fields.AwareDateTime(allow_none=True)
    attestation_sha256 = fields.String(allow_none=True)
    hold_basis = fields.String(allow_none=True)
    hold_scope = fields.String(allow_none=True)
    hold_until_at = fields.AwareDateTime(allow_none=True)
    hold_evidence_sha256 = fields.String(allow_none=True)


@pages.get("/duties")
@requires(duties.OWN)
@use_command(DutyQuery, location="query")
def duty_list(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All copies, and the form that signs their erasure."""
    return _listed(uow, query)


@pages.get("/duties/all")
@requires(duties.OWN)
def all_duties(uow: UnitOfWork) -> ResponseReturnValue:
    """All copies from the newest on."""
    return _listed(uow, {"group": None, "after": None})


@pages.post("/duties/erasure")
@requires(attesting.ATTEST)
@use_command(ErasureForm, page=all_duties)
def sign_erasure(uow: UnitOfWork, command: dict[str, Any]) -> ResponseReturnValue:
    """Sign with the bank's key that copies were erased."""
    key = PrivateKey.read(keys.private_jwk(uow, keys.ACK), use="sig")
    said = attesting.Erasure(
        packets=tuple(command["packets"]),
        method=command["method"],
        operator=command["operator"],
        at=uow.now,
    )
    attesting.attest(uow, attesting.statement(key, uow.actor.bank_id, said))
    flash(_("Recorded: the erasure carries your bank's signature."), "success")
    return redirect(url_for(".duty_list"), 303)


@pages.get("/duties/<uuid:packet_id>")
@requires(duties.OWN)
def duty(uow: UnitOfWork, packet_id: UUID) -> ResponseReturnValue:
    """One copy, and the form that keeps it by law."""
    return render_template(
        "bank/duty.html",
        one=duties.duty_of_bank(uow, packet_id),
        bases=list(HoldBasis),
        names=product_names(uow),
    )


@pages.post("/duties/<uuid:packet_id>/hold")
@requires(holding.HOLD)
@use_command(HoldSchema, page=duty)
def hold_copy(uow: UnitOfWork, command: dict[str, Any], packet_id: UUID) -> ResponseReturnValue:
    """Keep a copy by law."""
    holding.hold(uow, packet_id, _hold(command))
    flash(_("The copy is kept for that basis only; the enterprise sees it."), "success")
    return redirect(url_for(".duty", packet_id=packet_id), 303)


@pages.post("/duties/<uuid:packet_id>/lifting")
@requires(holding.HOLD)
@use_command(EmptySchema, page=duty)
def lift_hold(uow: UnitOfWork, _command: object, packet_id: UUID) -> ResponseReturnValue:
    """End a legal hold."""
    holding.lift(uow, packet_id)
    flash(_("The hold ended; erase the copy within seven days."), "success")
    return redirect(url_for(".duty", packet_id=packet_id), 303)


@pages.post("/packets/<uuid:packet_id>/dispute")
@requires(duties.OWN)
@use_command(EmptySchema, page=duty)
def dispute_packet(uow: UnitOfWork, _command: object, packet_id: UUID) -> ResponseReturnValue:
    """Sign with the bank's key that a packet does not open or verify."""
    found = queries.packet_of(uow, packet_id)
    key = PrivateKey.read(keys.private_jwk(uow, keys.ACK), use="sig")
    rx = acking.receipt(key, packet_id, found.packet_sha256, uow.now, _REFUSED)
    acking.acknowledge(uow, packet_id, rx)
    flash(_("Disputed: the service centre will say whose fault it was."), "success")
    return redirect(url_for(".packet", packet_id=packet_id), 303)


@api.get("/copies")
@api.response(200, DutySchema(many=True))
@requires(duties.OWN)
@use_command(DutyQuery, location="query")
def list_copies(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """Copies of the bank, newest first."""
    return [asdict(one) for one in duties.duties_of_bank(uow, query["group"], query["after"], ROWS)]


@api.get("/copies/<uuid:packet_id>")
@api.response(200, DutySchema)
@requires(duties.OWN)
def read_copy(uow: UnitOfWork, packet_id: UUID) -> Any:
    """One copy."""
    return asdict(duties.duty_of_bank(uow, packet_id))


@api.post("/erasures")
@api.response(200, DutySchema(many=True))
@requires(attesting.ATTEST)
@use_command(ErasureSchema, location="json")
def attest_erasure(uow: UnitOfWork, command: dict[str, str]) -> Any:
    """Hand in a signed list of erased copies; all or none, the same list twice is once."""
    done = attesting.attest(uow, command["attestation"])
    return [asdict(duties.duty_of_bank(uow, one.packet_id)) for one in done]


@api.post("/copies/<uuid:packet_id>/hold")
@api.response(200, DutySchema)
@requires(holding.HOLD)
@use_command(HoldSchema, location="json")
def hold_by_law(uow: UnitOfWork, command: dict[str, Any], packet_id: UUID) -> Any:
    """Keep a copy by law until the end of a day."""
    holding.hold(uow, packet_id, _hold(command))
    return asdict(duties.duty_of_bank(uow, packet_id))


@api.post("/copies/<uuid:packet_id>/lifting")
@api.response(200, DutySchema)
@requires(holding.HOLD)
@use_command(EmptySchema, location="json")
def lift_by_law(uow: UnitOfWork, _command: object, packet_id: UUID) -> Any:
    """End a legal hold: seven days to erase."""
    holding.lift(uow, packet_id)
    return asdict(duties.duty_of_bank(uow, packet_id))


def _listed(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    rows = duties.duties_of_bank(uow, query["group"], query["after"], ROWS + 1)
    return render_template(
        "bank/duties.html",
        rows=rows[:ROWS],
        more=rows[ROWS - 1].packet_id if len(rows) > ROWS else None,
        query=query,
        groups=list(DutyGroup),
        methods=list(attesting.Method),
        has_keys=keys.has_keys(uow),
        names=product_names(uow),
    )


def _hold(command: dict[str, Any]) -> holding.Hold:
    try:
        until = datetime.combine(command["until"] + timedelta(days=1), time.min, SHANGHAI)
    except OverflowError as error:
        raise InvalidRequestError("until", fields={"until": "RANGE"}) from error
    digest = command["evidence_sha256"]
    if _HEX.fullmatch(digest):
        # As sha256sum prints it.
        digest = base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")
    return holding.Hold(
        basis=command["basis"], scope=command["scope"], until_at=until, evidence_sha256=digest
    )
