"""Where the two sealed columns of a packet stand, and which key each needs."""

from uuid import UUID

from yidaitong.kernel.crypto.box import DekKind, Place
from yidaitong.packets.models import Packet

_TABLE = Packet.__tablename__


def content_place(chain_id: UUID, packet_id: UUID) -> Place:
    """What was composed: under the data key of the consent, like the answers it came from."""
    return Place(
        kind=DekKind.DATA, owner_id=chain_id, table=_TABLE, column="content", row_id=packet_id
    )


def jwe_place(chain_id: UUID, packet_id: UUID) -> Place:
    """What the bank fetches: under the packet's own key, which the data key wraps."""
    return Place(
        kind=DekKind.PACKET,
        owner_id=packet_id,
        table=_TABLE,
        column="jwe",
        row_id=packet_id,
        within=chain_id,
    )
