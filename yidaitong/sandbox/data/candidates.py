"""Firms that can register: trading, in the city, each with a representative of its own."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from yidaitong.sandbox.data.firms import Firm, find, firm
from yidaitong.sandbox.data.personas import PERSONAS

_TRADING: Final = "1"
_INDIVIDUAL_EVERY: Final = 6  # One in six is an individual business.
_SEED: Final = "candidates"


def candidates(n: int, as_of: date, seed: str = _SEED) -> list[Firm]:
    """``n`` firms of all archetypes as seen on a day, the designed ones first.

    Their representatives' names, ID numbers and mobiles pass the identity check, and no two firms
    share a person or a mobile number. The same day and seed give the same firms in the same order.
    """
    found: list[Firm] = []
    taken: set[str] = set()
    for one in _all(as_of, seed):
        if len(found) == n:
            break
        mine = {one.rep.id_no, one.rep.mobile, one.name}
        if one.status == _TRADING and not mine & taken:
            taken |= mine
            found.append(one)
    return found


def _all(as_of: date, seed: str) -> Iterator[Firm]:
    yield from (firm(uscc, as_of) for uscc in PERSONAS)
    companies = find(seed, as_of)
    individuals = find(seed, as_of, individual=True)
    while True:
        for _ in range(_INDIVIDUAL_EVERY - 1):
            yield next(companies)
        yield next(individuals)
