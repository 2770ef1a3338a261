"""Reading JSON from outside as I-JSON (RFC 7493): what Python's reader lets pass is refused."""

import json
import re
from enum import StrEnum
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 32
_MAX_DIGITS: Final = 16
_MAX_INTEGER: Final = (1 << 53) - 1  # RFC 7493 §2.2; RFC 8785 cannot write more.

# A string, closed or cut off: it always matches at a quote, so the scan is linear.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Flaw(StrEnum):
    """What is wrong with a text that claims to be JSON."""

    SIZE = "SIZE"
    ENCODING = "ENCODING"
    SYNTAX = "SYNTAX"
    DEPTH = "DEPTH"
    DUPLICATE = "DUPLICATE"
    NUMBER = "NUMBER"


class StrictJsonError(ValueError):
    """The text is not JSON we accept; ``flaw`` says why, the text itself is never quoted."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


def parse(raw: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a UTF-8 JSON text with whole numbers only.

    Raises:
        StrictJsonError: too long, too deep, not UTF-8, a member twice, a fraction, a number
            beyond 2^53 - 1, NaN, a lone surrogate, NUL in a string, or no JSON at all.
    """
    if len(raw) > max_bytes:
        raise StrictJsonError(Flaw.SIZE)
    if _deeper_than(raw, max_depth):
        raise StrictJsonError(Flaw.DEPTH)
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_no_number,
            parse_constant=_no_number,
            parse_int=_whole,
        )
    except UnicodeDecodeError:
        raise StrictJsonError(Flaw.ENCODING) from None
    except json.JSONDecodeError:
        raise StrictJsonError(Flaw.SYNTAX) from None
    _refuse_bad_text(value)
    return value


def parse_object(raw: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> dict[str, Any]:
    """As :func:`parse`, and the value is an object.

    Raises:
        StrictJsonError: it is not.
    """
    value = parse(raw, max_bytes=max_bytes, max_depth=max_depth)
    if not isinstance(value, dict):
        raise StrictJsonError(Flaw.SYNTAX)
    return value


def _deeper_than(raw: bytes, limit: int) -> bool:
    """Counted before parsing: the parser itself would run out of stack."""
    depth = 0
    for sign in _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS):
        if sign in b"[{":
            depth += 1
            if depth > limit:
                return True
        else:
            depth -= 1
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise StrictJsonError(Flaw.DUPLICATE)
    return found


def _no_number(_text: str) -> NoReturn:
    raise StrictJsonError(Flaw.NUMBER)


def _whole(text: str) -> int:
    # Length first: the conversion of a long number takes time square in its length.
    if len(text.lstrip("-")) > _MAX_DIGITS or abs(int(text)) > _MAX_INTEGER:
        raise StrictJsonError(Flaw.NUMBER)
    return int(text)


def _refuse_bad_text(value: Any) -> None:
    """Half a surrogate pair cannot be written out again, NUL cannot be stored."""
    written = json.dumps(value, ensure_ascii=False)
    try:
        written.encode("utf-8")
    except UnicodeEncodeError:
        raise StrictJsonError(Flaw.ENCODING) from None
    if _NUL.search(written) is not None:
        raise StrictJsonError(Flaw.ENCODING)
