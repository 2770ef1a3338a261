"""Which firms tell which story: the designed ones first, then drawn ones in turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count, cycle
from typing import Final

from yidaitong.sandbox.data import PERSONAS, NoSuchFirmError, firm, make_uscc
from yidaitong.sandbox.data.firms import Firm

_SEED: Final = "stories"
_OPEN: Final = "1"
# What each designed firm is made to show.
_DESIGNED: Final = {
    "91370199MA31U2DL73": ("TAX-CREDIT", "1000000"),
    "91370199MA3H40CL89": ("TAX-CREDIT", "300000"),
    "92370199MA3HH7712T": ("TAX-CREDIT", "500000"),
    "91370199MA3MG93DX8": ("SCI-TECH", "2000000"),
    "91370199MA3XMPL129": ("PAYROLL-FUND", "800000"),
}
_TURNS: Final = (
    ("TAX-CREDIT", "600000"),
    ("PAYROLL-FUND", "400000"),
    ("POWER-FLOW", "500000"),
    ("SCI-TECH", "1500000"),
)
# Every so many stories the representative keeps the age to themselves.
_SHY: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One firm, what it asks for, and whether its representative consents for themselves."""

    firm: Firm
    product_id: str
    amount: str
    term_months: int = 12
    own_consent: bool = True


def stories(as_of: date) -> Iterator[Story]:
    """Stories without end; firms that cannot register (closed, moved away) are left out."""
    for uscc in PERSONAS:
        product_id, amount = _DESIGNED[uscc]
        yield Story(firm=firm(uscc, as_of), product_id=product_id, amount=amount)
    turns = cycle(_TURNS)
    for n in count():
        found = _drawn(n, as_of)
        if found is None:
            continue
        product_id, amount = next(turns)
        yield Story(
            firm=found,
            product_id=product_id,
            amount=amount,
            own_consent=n % _SHY != _SHY - 1,
        )


def _drawn(n: int, as_of: date) -> Firm | None:
    try:
        found = firm(make_uscc(n, _SEED, era=as_of.year), as_of)
    except NoSuchFirmError:
        return None
    return found if found.status == _OPEN else None
