"""Tables of packets: the sealed result of a pull, and the duty owed for a fetched copy."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from yidaitong.kernel.db.base import Base
from yidaitong.kernel.db.rls import Rls
from yidaitong.kernel.db.types import UtcDateTime, str_enum
from yidaitong.kernel.ids import uuid7
from yidaitong.packets.lifecycle import CopyState, Fault, HoldBasis, MismatchKind, PacketState

_PARTIES = {"info": {"rls": Rls(enterprise="enterprise_id", bank="bank_id", gov=True)}}


class Packet(Base, kw_only=True):
    """The one packet of a pull.

    ``content`` is what was composed, under the data key of the consent; ``jwe`` is what the bank
    fetches, under the packet's own key, which that data key wraps: with either gone, both are.
    ``copies`` counts fetches. ``person_id`` is set where the principal is a natural person.
    """

    __tablename__ = "packet"
    __table_args__ = (
        Index("ix_packet_chain_id", "chain_id"),
        Index("ix_packet_application_id", "application_id"),
        Index("ix_packet_bank_id", "bank_id", "id"),
        Index("ix_packet_enterprise_id", "enterprise_id", "id"),
        Index(
            "ix_packet_unfetched",
            "fetch_before",
            postgresql_where=text("state IN ('ISSUED', 'SEALED')"),
        ),
        _PARTIES,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    # One packet a pull: a release that runs twice finds the first.
    pull_id: Mapped[UUID] = mapped_column(ForeignKey("pull.id"), unique=True)
    chain_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    enterprise_id: Mapped[UUID]
    person_id: Mapped[UUID | None] = mapped_column(default=None)
    bank_id: Mapped[str] = mapped_column(String(64))
    application_id: Mapped[UUID | None] = mapped_column(default=None)
    purpose: Mapped[str] = mapped_column(String(32))
    product_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[PacketState] = mapped_column(str_enum(PacketState))
    complete: Mapped[bool]
    packet_sha256: Mapped[str] = mapped_column(String(43), unique=True)
    bank_kid: Mapped[str] = mapped_column(String(43))
    event_id: Mapped[UUID] = mapped_column(init=False)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fetch_before: Mapped[datetime] = mapped_column(UtcDateTime)
    erase_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    copies: Mapped[int] = mapped_column(default=0)
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    acked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    rx_sha256: Mapped[str | None] = mapped_column(String(43), default=None)
    # The bank's receipt as it was signed: evidence of a digest, no data.
    rx: Mapped[str | None] = mapped_column(default=None, deferred=True, repr=False)
    fault: Mapped[Fault | None] = mapped_column(str_enum(Fault), default=None)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, repr=False)
    jwe: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, deferred=True, repr=False)


class PacketCopy(Base, kw_only=True):
    """What the bank owes for its copy of one packet.

    ``erase_due_at`` only moves closer, except that a lifted hold sets it anew. ``n`` counts events.
    ``hold_…`` say why the copy is kept in LEGAL_HOLD, and why it was, afterwards.
    """

    __tablename__ = "packet_copy"
    __table_args__ = (
        Index("ix_packet_copy_due", "state", "erase_due_at"),
        Index("ix_packet_copy_chain_id", "chain_id"),
        _PARTIES,
    )

    packet_id: Mapped[UUID] = mapped_column(ForeignKey("packet.id"), primary_key=True)
    chain_id: Mapped[UUID]
    enterprise_id: Mapped[UUID]
    bank_id: Mapped[str] = mapped_column(String(64))
    packet_sha256: Mapped[str] = mapped_column(String(43))
    state: Mapped[CopyState] = mapped_column(str_enum(CopyState))
    n: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erase_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    use_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    overdue_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    attestation_sha256: Mapped[str | None] = mapped_column(String(43), default=None)
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    hold_basis: Mapped[HoldBasis | None] = mapped_column(str_enum(HoldBasis), default=None)
    hold_scope: Mapped[str | None] = mapped_column(String(200), default=None)
    hold_until_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    hold_evidence_sha256: Mapped[str | None] = mapped_column(String(43), default=None)


class ErasureAttestation(Base, kw_only=True):
    """A bank's signed statement that it erased copies, exactly as it was signed.

    It lists copies of several enterprises, so none of them reads it: each has its own receipt.
    """

    __tablename__ = "erasure_attestation"
    __table_args__ = (
        UniqueConstraint("bank_id", "sha256"),
        {"info": {"append_only": True, "rls": Rls(bank="bank_id", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    bank_id: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(43))
    method: Mapped[str] = mapped_column(String(32))
    operator: Mapped[str] = mapped_column(String(64))
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    jws: Mapped[str]


class Mismatch(Base, kw_only=True):
    """Two books that disagree about one pull; found once a kind, and it stays."""

    __tablename__ = "mismatch"
    __table_args__ = (
        UniqueConstraint("pull_id", "kind"),
        {"info": {"append_only": True, "rls": Rls(gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    pull_id: Mapped[UUID] = mapped_column(ForeignKey("pull.id"))
    packet_id: Mapped[UUID] = mapped_column(ForeignKey("packet.id"))
    chain_id: Mapped[UUID]
    bank_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[MismatchKind] = mapped_column(str_enum(MismatchKind))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EvidenceOrder(Base, kw_only=True):
    """Two persons' order to destroy evidence whose term is over; a job carries it out.

    It reaches consents that ended before ``ended_before``; ``n`` counts those it has reached.
    """

    __tablename__ = "evidence_order"
    __table_args__ = ({"info": {"rls": Rls(gov=True)}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    ended_before: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    n: Mapped[int] = mapped_column(default=0)


class KeyStatement(Base, kw_only=True):
    """What a bank or a department said of its own keys, and the two persons who took it over.

    ``bundle`` is the text as it came, public keys and signatures; ``owner`` a bank's id or a
    department's code.
    """

    __tablename__ = "key_statement"
    __table_args__ = (
        UniqueConstraint("sha256"),
        {"info": {"rls": Rls(bank="owner", gov=True)}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    owner: Mapped[str] = mapped_column(String(64))
    bundle: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(43))
    proposed_by: Mapped[UUID | None]
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[UUID | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
