"""Reading JSON from outside as I-JSON (RFC 7493): what Python's reader lets pass is refused."""

import json
import re
from enum import StrEnum
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 32
# Commas, roughly one a value: few enough that no text holds a thread for long.
MAX_VALUES: Final = 20_000
_MAX_DIGITS: Final = 16
_MAX_INTEGER: Final = (1 << 53) - 1  # RFC 7493 §2.2; RFC 8785 cannot write more.

# Whatever stands between brackets. A string may be cut off: the pattern matches wherever it starts
# and gives nothing back, so the scan is linear.
_BETWEEN: Final = re.compile(
    rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))++', re.DOTALL
)
_FRONT: Final = 4096
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


def parse(
    raw: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES
) -> Any:
    """The value of a UTF-8 JSON text with whole numbers only.

    Raises:
        StrictJsonError: too long, too deep, too many values, not UTF-8, a member twice, a
            fraction, a number beyond 2^53 - 1, NaN, a lone surrogate, NUL in a string, or no JSON
            at all.
    """
    if len(raw) > max_bytes:
        raise StrictJsonError(Flaw.SIZE)
    if raw.count(b",") > max_values:  # Those inside texts count, too: one pass, no parsing.
        raise StrictJsonError(Flaw.SIZE)
    _check_depth(raw, max_depth)
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise StrictJsonError(Flaw.ENCODING) from None
    except json.JSONDecodeError:
        raise StrictJsonError(Flaw.SYNTAX) from None
    if b"\\u" in raw:  # Neither can stand in UTF-8 without an escape.
        _refuse_bad_text(value)
    return value


def parse_object(
    raw: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES
) -> dict[str, Any]:
    """As :func:`parse`, and the value is an object.

    Raises:
        StrictJsonError: it is not.
    """
    value = parse(raw, max_bytes=max_bytes, max_depth=max_depth, max_values=max_values)
    if not isinstance(value, dict):
        raise StrictJsonError(Flaw.SYNTAX)
    return value


def _check_depth(raw: bytes, limit: int) -> None:
    """Before parsing: the parser itself would run out of stack.

    A usual bomb shows in its first bytes. Else the innermost pairs of brackets are taken away,
    level by level: far quicker than a walk over all of them. What has few brackets cannot be deep.
    """
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return
    depth = 0
    for bracket in _BETWEEN.sub(b"", raw[:_FRONT]):
        depth += 1 if bracket in b"[{" else -1
        if depth > limit:
            raise StrictJsonError(Flaw.DEPTH)
    left = _BETWEEN.sub(b"", raw)
    for _ in range(limit):
        before = len(left)
        left = left.replace(b"[]", b"").replace(b"{}", b"")
        if len(left) in {0, before}:
            break
    if left:
        balanced = left.count(b"[") + left.count(b"{") == len(left) / 2
        raise StrictJsonError(Flaw.DEPTH if balanced else Flaw.SYNTAX)


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


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_no_number,
    parse_constant=_no_number,
    parse_int=_whole,
)


def _refuse_bad_text(value: Any) -> None:
    """Half a surrogate pair cannot be written out again, NUL cannot be stored."""
    written = json.dumps(value, ensure_ascii=False)
    try:
        written.encode("utf-8")
    except UnicodeEncodeError:
        raise StrictJsonError(Flaw.ENCODING) from None
    if "\\u0000" in written and _NUL.search(written) is not None:
        raise StrictJsonError(Flaw.ENCODING)
