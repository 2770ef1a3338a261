"""Names that stand in the log for ever."""

import hashlib
import json

from consent.events import MEMBERS, PUBLIC, EventType


class TestNames:
    def test_names_and_members_are_only_ever_added_to(self) -> None:
        # A new event or member changes this digest: add, never rename or remove.
        told = json.dumps(
            {kind.value: MEMBERS[kind] for kind in EventType}, sort_keys=True
        ) + json.dumps({kind.value: names for kind, names in PUBLIC.items()}, sort_keys=True)

        assert len(EventType) == 65
        assert hashlib.sha256(told.encode()).hexdigest()[:16] == "9444ec24af319631"
