"""What the registry holds otherwise than the made-up history: a new representative, name, state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from yidaitong.kernel.text import fold

REGISTRY: Final = "SAMR.REG"
# Fields of the registry that may change, and the longest value of each.
_FIELDS: Final[Mapping[str, int]] = {"rep_name": 50, "name": 100, "status": 1}


@dataclass
class ChangeBook:
    """Changes by credit code; one process only."""

    _changes: dict[str, dict[str, str]] = field(default_factory=dict)

    def put(self, uscc: str, wanted: Any) -> Mapping[str, str]:
        """Let the registry say ``wanted`` of one firm from now on; an empty object undoes it.

        Raises:
            ValueError: it is no object of known fields with texts.
        """
        if not isinstance(wanted, dict) or not wanted.keys() <= _FIELDS.keys():
            raise ValueError("fields")
        for name, value in wanted.items():
            if not isinstance(value, str) or not 0 < len(value) <= _FIELDS[name]:
                raise ValueError(name)
        self._changes[uscc] = dict(wanted)
        return self.of(uscc)

    def of(self, uscc: str) -> Mapping[str, str]:
        """What is changed of one firm."""
        return self._changes.get(uscc, {})

    def known_by(self, uscc: str, name: str) -> bool:
        """Whether ``name`` is the firm's changed name."""
        changed = self.of(uscc).get("name")
        return changed is not None and fold(changed) == fold(name)

    def over(self, resource: str, uscc: str, items: Mapping[str, object]) -> Mapping[str, object]:
        """The registry's items with the changes in them; other resources as they are."""
        if resource != REGISTRY:
            return items
        changed = self.of(uscc)
        return {name: changed.get(name, value) for name, value in items.items()}
