"""Valid codes of firms and people that do not exist (area 370199 is unassigned)."""

from datetime import date

from yidaitong.kernel.codes import (
    SANDBOX_AREA,
    USCC_ALPHABET,
    body_check_sign,
    id_check_sign,
    id_problem,
    uscc_check_sign,
    uscc_problem,
)
from yidaitong.sandbox.data.seeds import Draw

_BASE = len(USCC_ALPHABET)
_SPACE = _BASE**5
_STRIDE = 17_000_023  # Prime, so that counting n visits every body once.
_FIRST_YEAR = 2003
_MOBILE_PREFIXES = ("138", "139", "150", "186", "177")
DEFAULT_ERA = 2018
_ERA_SIGN = 2  # Third sign of the organisation body.


def make_uscc(n: int, seed: str, *, era: int = DEFAULT_ERA, individual: bool = False) -> str:
    """The ``n``-th valid sandbox code of ``seed``; codes of one seed and era never repeat.

    ``era`` is the year the firm is seen from: young firms opened in the two years before, all
    others earlier, and troubles begin about then. Individual businesses start with 92.
    """
    left = (Draw.of(seed).bits("offset") + n * _STRIDE) % _SPACE
    serial = ""
    for _ in range(5):
        left, sign = divmod(left, _BASE)
        serial += USCC_ALPHABET[sign]
    year = "3" if era == DEFAULT_ERA else USCC_ALPHABET[era - _FIRST_YEAR]
    body = f"MA{year}{serial}"
    first = f"{'92' if individual else '91'}{SANDBOX_AREA}{body}"
    first += body_check_sign(body)
    return first + uscc_check_sign(first)


def era_of(uscc: str) -> int:
    """The year a code's firm is seen from; see ``make_uscc``."""
    sign = USCC_ALPHABET.index(uscc[8 + _ERA_SIGN])
    year = _FIRST_YEAR + sign
    return max(DEFAULT_ERA, year)


def is_sandbox(uscc: str) -> bool:
    """Whether the code is valid and of a made-up firm."""
    return uscc_problem(uscc) is None and uscc[2:8] == SANDBOX_AREA and uscc[0] == "9"


def make_id(born: date, serial: int) -> str:
    """A valid ID number of a person who does not exist; ``serial`` is 0 to 999."""
    first = f"{SANDBOX_AREA}{born:%Y%m%d}{serial:03d}"
    return first + id_check_sign(first)


def mobile_of(name: str, id_no: str) -> str:
    """The mobile number of a made-up person: a function of name and ID number."""
    draw = Draw.of(f"{id_no} {name}")
    return f"{draw.pick(_MOBILE_PREFIXES, 'prefix')}{draw.between(0, 99_999_999, 'mobile'):08d}"


def identity_result(name: str, id_no: str, mobile: str) -> str:
    """What the made-up identity provider says of three facts: VERIFIED, MISMATCH, NO_RECORD."""
    if id_problem(id_no) is not None or not id_no.startswith(SANDBOX_AREA):
        return "NO_RECORD"
    return "VERIFIED" if mobile == mobile_of(name, id_no) else "MISMATCH"
