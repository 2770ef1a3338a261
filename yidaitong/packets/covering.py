"""After an amendment (A10): is all a released packet holds still within the newest version?"""

from consent.artefact import ConsentArtefact, Dataset
from consent.drafts import read_artefact
from consent.models import ConsentRow
from yidaitong.packets.models import Packet
from yidaitong.pulls.moving import Locked

SUPERSEDED = "SUPERSEDED"


def is_covered(locked: Locked, packet: Packet) -> bool:
    """Whether the consent's newest version still allows what the packet was made under."""
    if packet.consent_id == locked.live.consent_id:
        return True
    session = locked.uow.session
    old, new = (
        read_artefact(locked.desk, session.get_one(ConsentRow, consent_id))
        for consent_id in (packet.consent_id, locked.live.consent_id)
    )
    return covers(new, old)


def covers(new: ConsentArtefact, old: ConsentArtefact) -> bool:
    """Whether every resource, field, item and month of ``old`` is in ``new``."""
    known = {one.resource: one for one in new.datasets}
    filters = set(new.data_filter) <= set(old.data_filter)
    return filters and all(_holds(known.get(one.resource), one) for one in old.datasets)


def _holds(new: Dataset | None, old: Dataset) -> bool:
    if new is None or not set(old.fields) <= set(new.fields):
        return False
    if not set(old.items) <= set(new.items):
        return False
    if old.range is None or new.range is None:
        return old.range == new.range
    return new.range.from_on <= old.range.from_on and old.range.to_on <= new.range.to_on
