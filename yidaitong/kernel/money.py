"""Money is integer fen (分); parsing never rounds."""

import re
from decimal import Decimal

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
MAX_FEN = 10**18

_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,12}))?", re.ASCII)


class MoneyError(ValueError):
    """The text is not an amount that can be held exactly in fen."""


def _parse(text: str, places: int) -> int:
    match = _DECIMAL.fullmatch(text.strip().replace(",", ""))
    if match is None:
        raise MoneyError("not a plain decimal")
    sign, whole, fraction = match.group(1), match.group(2), (match.group(3) or "")
    if fraction[places:].strip("0"):
        raise MoneyError(f"more than {places} decimals")
    fen: int = int(whole) * 10**places + int(fraction[:places].ljust(places, "0") or "0")
    if fen > MAX_FEN:
        raise MoneyError("out of range")
    return -fen if sign else fen


def parse_yuan(text: str) -> int:
    """Fen of a decimal string in 元 (at most 2 decimals).

    Raises:
        MoneyError: the text is no decimal, or it does not fit fen exactly.
    """
    return _parse(text, 2)


def parse_wan(text: str) -> int:
    """Fen of a decimal string in 万元 (at most 6 decimals).

    Raises:
        MoneyError: the text is no decimal, or it does not fit fen exactly.
    """
    return _parse(text, 6)


def format_yuan(fen: int) -> str:
    """``123456`` as ``1,234.56``."""
    return f"{Decimal(fen) / FEN_PER_YUAN:,.2f}"
