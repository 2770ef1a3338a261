"""What each version of a consent allowed: an amendment judges nothing that was done before it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consent.drafts import read_artefact
from consent.models import ConsentRow
from consent.ports import Desk
from yidaitong.kernel.errors import DataGoneError


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """``calls``: of each resource in each window."""

    consent_id: UUID
    granted_at: datetime
    resources: frozenset[str]
    calls: int


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions of consents, oldest first; none of one whose evidence the law let be destroyed."""

    desk: Desk
    _known: dict[UUID, list[Version]] = field(default_factory=dict)

    def at(self, chain_id: UUID, moment: datetime) -> list[Version]:
        """Those granted by ``moment``."""
        return [one for one in self._of(chain_id) if one.granted_at <= moment]

    def until(self, chain_id: UUID, consent_id: UUID) -> list[Version]:
        """Those up to ``consent_id`` itself."""
        known = self._of(chain_id)
        last = next((at for at, one in enumerate(known) if one.consent_id == consent_id), -1)
        return known[: last + 1]

    def _of(self, chain_id: UUID) -> list[Version]:
        if chain_id not in self._known:
            self._known[chain_id] = self._read(chain_id)
        return self._known[chain_id]

    def _read(self, chain_id: UUID) -> list[Version]:
        rows = self.desk.session.scalars(
            select(ConsentRow).where(ConsentRow.chain_id == chain_id).order_by(ConsentRow.version)
        )
        try:
            return [self._version(row) for row in rows]
        except DataGoneError:
            return []

    def _version(self, row: ConsentRow) -> Version:
        artefact = read_artefact(self.desk, row)
        return Version(
            consent_id=row.id,
            granted_at=row.granted_at,
            resources=frozenset(artefact.resources),
            calls=artefact.frequency.n,
        )
