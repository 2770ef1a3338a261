"""Which firms tell which story: the designed ones first, then drawn ones in turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from typing import Final

from yidaitong.sandbox.data.candidates import candidates
from yidaitong.sandbox.data.firms import Firm

# What each designed firm is made to show.
_DESIGNED: Final = {
    "91370199MA31U2DL73": ("TAX-CREDIT", "1000000"),
    "91370199MA3H40CL89": ("TAX-CREDIT", "300000"),
    "92370199MA3HH7712T": ("TAX-CREDIT", "500000"),
    "91370199MA3MG93DX8": ("SCI-TECH", "2000000"),
    "91370199MA3XMPL129": ("PAYROLL-FUND", "800000"),
}
_TURNS: Final = (
    ("POWER-FLOW", "500000"),
    ("TAX-CREDIT", "600000"),
    ("PAYROLL-FUND", "400000"),
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


def stories(as_of: date, most: int) -> Iterator[Story]:
    """At most ``most`` stories, always in the same order for one day."""
    turns = cycle(_TURNS)
    for n, firm in enumerate(candidates(most, as_of)):
        designed = _DESIGNED.get(firm.uscc)
        product_id, amount = designed or next(turns)
        yield Story(
            firm=firm,
            product_id=product_id,
            amount=amount,
            own_consent=designed is not None or n % _SHY != 0,
        )
