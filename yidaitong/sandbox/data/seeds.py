"""Repeatable chance: every draw is a function of the firm's code and a label, never of order."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

# Changing this key makes other firms of all codes.
_KEY = b"yidaitong sandbox 1"
_BITS = 53  # All integers of this size are exact floats.


@dataclass(frozen=True, slots=True)
class Draw:
    """Draws of one firm; the same label gives the same draw for ever."""

    key: bytes

    @classmethod
    def of(cls, subject: str) -> "Draw":
        """Draws of ``subject``: seed = HMAC(key, subject)."""
        return cls(hmac.digest(_KEY, subject.encode(), "sha256"))

    def bits(self, *label: object) -> int:
        """64 bits."""
        text = "\x1f".join(str(part) for part in label).encode()
        return int.from_bytes(hashlib.blake2b(text, key=self.key, digest_size=8).digest(), "big")

    def unit(self, *label: object) -> float:
        """A number in [0, 1)."""
        return float((self.bits(*label) >> (64 - _BITS)) / (1 << _BITS))

    def chance(self, probability: float, *label: object) -> bool:
        """True with ``probability``."""
        return self.unit(*label) < probability

    def between(self, low: int, high: int, *label: object) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.unit(*label) * (high - low + 1))

    def real(self, low: float, high: float, *label: object) -> float:
        """A number from ``low`` to ``high``."""
        return low + self.unit(*label) * (high - low)

    def pick(self, options: Sequence[T], *label: object) -> T:
        """One of ``options``, all alike."""
        return options[int(self.unit(*label) * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]], *label: object) -> T:
        """One of ``options`` by weight."""
        left = self.unit(*label) * sum(weight for _, weight in options)
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]
