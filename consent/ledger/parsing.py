"""Strict readers shared by notes, proofs and policies: one spelling for each value (C2SP)."""

import base64
import re
from typing import Final

from consent.ledger.errors import LedgerError

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
MAX_INTEGER: Final = 2**63


def read_decimal(text: str, error: type[LedgerError]) -> int:
    """A decimal below 2^63 without sign, blank, underscore or leading zero.

    Raises:
        LedgerError: the given kind, where the text is anything else.
    """
    if _DECIMAL.fullmatch(text) is None or int(text) >= MAX_INTEGER:
        raise error("not a decimal number")
    return int(text)


def read_base64(text: str, error: type[LedgerError]) -> bytes:
    """The bytes of standard base64 with padding, in their only spelling.

    Raises:
        LedgerError: the given kind, where the text is anything else.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as failure:
        raise error("not base64") from failure
    # The library accepts padding bits that are not zero and surplus padding.
    if write_base64(data) != text:
        raise error("not canonical base64")
    return data


def write_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def read_utf8(data: bytes, error: type[LedgerError]) -> str:
    """Text without control characters but LF.

    Raises:
        LedgerError: the given kind, where the bytes are anything else.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as failure:
        raise error("not UTF-8") from failure
    if any(sign < " " and sign != "\n" for sign in text):
        raise error("a control character")
    return text
