"""One firm as seen on one day, and the forms in which departments write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from yidaitong.sandbox.data.profile import Profile

Items = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class View:
    """A firm, the day of the question, and the name it was asked by."""

    profile: Profile
    today: date


@dataclass(frozen=True, slots=True)
class Source:
    """How one resource answers: until when it is true, and what it says (None: no record)."""

    true_until: Callable[[date], date]
    items: Callable[[View], Items | None]


def yuan(fen: int) -> str:
    """元 with two decimals, as tax offices write it."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def wan(fen: int) -> str:
    """万元 with up to six decimals, as registries write it."""
    whole, rest = divmod(fen, 1_000_000)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


def iso(day: date | None) -> str | None:
    """A date, or null."""
    return None if day is None else day.isoformat()


def months_seen(profile: Profile, newest: int, look_back: int) -> list[int]:
    """The months a source shows: within the look-back, from the opening, until the end."""
    return [m for m in range(newest - look_back + 1, newest + 1) if profile.active(m)]


def known(day: date, today: date) -> date | None:
    """``day`` once it has come, else None: nobody foresees."""
    return day if day <= today else None
