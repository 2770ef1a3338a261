"""The packet inbox: list, download, open with the bank's key, acknowledge."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bank_portal import keys
from bank_portal.answers import PacketSchema
from bank_portal.blueprints import api, pages
from bank_portal.case_view import product_names
from bank_portal.packet_view import resources
from bank_portal.schemas import ROWS, EmptySchema, PacketQuery, ReceiptSchema
from bank_portal.written import packet_written
from yidaitong.kernel.crypto.keys import PrivateKey
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending.queries import applicants_of_bank
from yidaitong.packets import queries
from yidaitong.packets.acking import acknowledge, receipt
from yidaitong.packets.fetching import READ, fetch
from yidaitong.packets.lifecycle import OPEN, PacketState
from yidaitong.packets.opening import open_for_bank
from yidaitong.web.views import requires, use_command

_JOSE = "application/jose"


@pages.get("/packets")
@requires(READ)
@use_command(PacketQuery, location="query")
def packets(uow: UnitOfWork, query: dict[str, Any]) -> ResponseReturnValue:
    """All packets, newest first."""
    rows = queries.inbox_of_bank(uow, state=query["state"], after=query["after"], limit=ROWS + 1)
    wanted = [row.application_id for row in rows if row.application_id is not None]
    return render_template(
        "bank/packets.html",
        packets=rows[:ROWS],
        more=rows[ROWS - 1].packet_id if len(rows) > ROWS else None,
        query=query,
        states=list(PacketState),
        applicants=applicants_of_bank(uow, wanted),
        names=product_names(uow),
    )


@pages.get("/packets/<uuid:packet_id>")
@requires(READ)
def packet(uow: UnitOfWork, packet_id: UUID) -> ResponseReturnValue:
    """One packet, closed."""
    return _page(uow, packet_id)


@pages.post("/packets/<uuid:packet_id>/opening")
@requires(READ)
@use_command(EmptySchema, page=packet)
def open_packet(uow: UnitOfWork, _command: object, packet_id: UUID) -> ResponseReturnValue:
    """Fetch, decrypt, verify and show it; nothing of it is stored. Counts as a fetch."""
    opened = open_for_bank(uow, packet_id, keys.private_jwk(uow, keys.ENC))
    return _page(uow, packet_id, opened)


@pages.post("/packets/<uuid:packet_id>/download")
@requires(READ)
@use_command(EmptySchema, page=packet)
def download(uow: UnitOfWork, _command: object, packet_id: UUID) -> ResponseReturnValue:
    """The sealed packet as a file. Counts as a fetch."""
    answer = Response(fetch(uow, packet_id).jwe, mimetype=_JOSE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{packet_id}.jwe"'
    return answer


@pages.post("/packets/<uuid:packet_id>/acknowledgement")
@requires(READ)
@use_command(EmptySchema, page=packet)
def sign_receipt(uow: UnitOfWork, _command: object, packet_id: UUID) -> ResponseReturnValue:
    """Sign the receipt with the bank's key."""
    found = queries.packet_of(uow, packet_id)
    key = PrivateKey.read(keys.private_jwk(uow, keys.ACK), use="sig")
    acknowledge(uow, packet_id, receipt(key, packet_id, found.packet_sha256, uow.now))
    flash(_("Acknowledged: the receipt carries your bank's signature."), "success")
    return redirect(url_for(".packet", packet_id=packet_id), 303)


def _page(uow: UnitOfWork, packet_id: UUID, opened: Any = None) -> ResponseReturnValue:
    found = queries.packet_of(uow, packet_id)
    ids = [] if found.application_id is None else [found.application_id]
    return render_template(
        "bank/packet.html",
        one=found,
        opened=opened,
        resources=[] if opened is None else resources(opened),
        has_keys=keys.has_keys(uow),
        fetchable=found.state in OPEN,
        applicants=applicants_of_bank(uow, ids),
        names=product_names(uow),
    )


@api.get("/packets")
@api.response(200, PacketSchema(many=True))
@requires(READ)
@use_command(PacketQuery, location="query")
def list_packets(uow: UnitOfWork, query: dict[str, Any]) -> Any:
    """Packets of the bank, newest first."""
    rows = queries.inbox_of_bank(uow, state=query["state"], after=query["after"], limit=ROWS)
    return [packet_written(row) for row in rows]


@api.get("/packets/<uuid:packet_id>")
@api.response(200, PacketSchema)
@requires(READ)
def read_packet(uow: UnitOfWork, packet_id: UUID) -> Any:
    """One packet without its content."""
    return packet_written(queries.packet_of(uow, packet_id))


@api.get("/packets/<uuid:packet_id>/sealed")
@api.response(200, content_type=_JOSE, description="One compact JWE (RFC 7516)")
@requires(READ)
def sealed_packet(uow: UnitOfWork, packet_id: UUID) -> ResponseReturnValue:
    """The packet encrypted to the bank's key; each fetch is an event of the log."""
    return Response(fetch(uow, packet_id).jwe, mimetype=_JOSE)


@api.post("/packets/<uuid:packet_id>/acknowledgement")
@api.response(200, PacketSchema)
@requires(READ)
@use_command(ReceiptSchema, location="json")
def acknowledge_packet(uow: UnitOfWork, command: dict[str, str], packet_id: UUID) -> Any:
    """Hand in the bank's signed receipt; the same receipt twice is once."""
    acknowledge(uow, packet_id, command["rx"])
    return packet_written(queries.packet_of(uow, packet_id))
