"""Drawn firms and what the departments say about them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import assume, settings
from hypothesis import strategies as st

from yidaitong.sandbox.data import (
    Firm,
    answer,
    firm,
    make_uscc,
)
from yidaitong.sandbox.data.firms import profile_of
from yidaitong.sandbox.data.profile import Profile

ON = date(2018, 7, 17)
MANY = settings(max_examples=200, deadline=None, derandomize=True)


@dataclass(frozen=True)
class Case:
    """One firm on one day, and what the departments say."""

    firm: Firm
    profile: Profile
    on: date

    def items(self, resource: str) -> dict[str, Any]:
        return dict(answer(resource, self.firm.uscc, self.on)[2])

    def rows(self, resource: str, name: str) -> list[dict[str, Any]]:
        return list(self.items(resource).get(name, []))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Firms of several eras, seen from their era on or up to eight years later."""
    era = draw(st.sampled_from([2018, 2018, 2021, 2026]))
    uscc = make_uscc(
        draw(st.integers(0, 10**6)),
        draw(st.sampled_from(["a", "b", "c"])),
        era=era,
        individual=draw(st.integers(0, 5)) == 0,
    )
    on = date(era, 1, 1) + timedelta(days=draw(st.integers(0, 8 * 365)))
    profile = profile_of(uscc)
    assume(profile is not None and profile.est_date < on)
    assert profile is not None
    return Case(firm(uscc, on), profile, on)
