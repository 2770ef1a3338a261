"""Check digits of Chinese codes: credit code (GB 32100-2015), body (GB 11714), ID (GB 11643)."""

import re
from datetime import date

from stdnum.cn import uscc as _uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SANDBOX_AREA = "370199"  # Unassigned, so that no made-up code is a real firm's.

_USCC = re.compile(f"[{USCC_ALPHABET}]{{18}}", re.ASCII)
_BODY_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ID = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_SIGNS = "10X98765432"


def body_check_sign(body: str) -> str:
    """Check sign of the eight signs of an organisation body (GB 11714 §4)."""
    pairs = zip(body, _BODY_WEIGHTS, strict=True)
    value = (11 - sum(_BODY_SIGNS.index(sign) * weight for sign, weight in pairs) % 11) % 11
    return "X" if value == 10 else str(value)  # noqa: PLR2004 - two digits, written X


def uscc_check_sign(first: str) -> str:
    """Check sign of the first 17 signs of a credit code (GB 32100-2015 §5)."""
    return str(_uscc.calc_check_digit(first))


def uscc_problem(code: str) -> str | None:
    """What is wrong with a unified social credit code, or None.

    One of LENGTH, SIGNS, CHECK_DIGIT, BODY_CHECK_DIGIT. Nothing is cleaned or upper-cased first:
    one firm has one spelling.
    """
    if len(code) != 18:  # noqa: PLR2004 - GB 32100-2015
        return "LENGTH"
    if _USCC.fullmatch(code) is None:
        return "SIGNS"
    try:
        _uscc.validate(code)
    except InvalidChecksum:
        return "CHECK_DIGIT"
    except ValidationError:
        return "SIGNS"
    return None if code[16] == body_check_sign(code[8:16]) else "BODY_CHECK_DIGIT"


def id_check_sign(first: str) -> str:
    """Check sign of the first 17 digits of an ID number (GB 11643-1999 §4)."""
    pairs = zip(first, _ID_WEIGHTS, strict=True)
    return _ID_SIGNS[sum(int(digit) * weight for digit, weight in pairs) % 11]


def id_birthday(number: str) -> date | None:
    """The birthday written in an ID number, or None if it is no date."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def id_problem(number: str) -> str | None:
    """What is wrong with an ID number, or None: LENGTH, SIGNS, BIRTHDAY, CHECK_DIGIT."""
    if len(number) != 18:  # noqa: PLR2004 - GB 11643-1999
        return "LENGTH"
    if _ID.fullmatch(number) is None:
        return "SIGNS"
    if id_birthday(number) is None:
        return "BIRTHDAY"
    return None if number[17] == id_check_sign(number[:17]) else "CHECK_DIGIT"


def whole_years(born: date, on: date) -> int:
    """Completed years from ``born`` to ``on``; a 29 February birthday completes on 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def whole_months(start: date, end: date) -> int:
    """Completed months: difference of months, one less if the day of month is smaller."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (end.day < start.day)
