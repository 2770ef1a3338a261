"""JSON as signed texts need it: UTF-8, shallow, no member twice, no floats, no huge integers."""

import json
import re
from typing import Any, NoReturn

MAX_DEPTH = 32
MAX_INTEGER = 2**53

_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|([\[{])|([\]}])', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89abABcCdDeEfF]")


class StrictJsonError(ValueError):
    """The text is no JSON we accept; the message names the rule, never a value."""


def read(data: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        StrictJsonError: not UTF-8, not JSON, too deep, a member twice, a float, NaN, an integer
            beyond 2^53 or half a surrogate pair.
    """
    _check_depth(data)
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_number,
            parse_float=_refuse_number,
            parse_int=_integer,
        )
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except StrictJsonError:
        raise
    except ValueError as error:
        raise StrictJsonError(f"not JSON ({type(error).__name__})") from None
    return value


def read_object(data: bytes) -> dict[str, Any]:
    """As :func:`read`, for a text that must be one object."""
    value = read(data)
    if not isinstance(value, dict):
        raise StrictJsonError("not an object")
    return value


def _check_depth(data: bytes) -> None:
    # Counted before parsing: the parser's own answer to depth is an exhausted stack.
    depth = 0
    for match in _TOKENS.finditer(data):
        if match.group(1):
            depth += 1
            if depth > MAX_DEPTH:
                raise StrictJsonError("too deep")
        elif match.group(2):
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise StrictJsonError("a member twice")
    return value


def _refuse_number(_text: str) -> NoReturn:
    raise StrictJsonError("a number that is no integer")


def _integer(text: str) -> int:
    if len(text) > len(str(-MAX_INTEGER)) or abs(int(text)) > MAX_INTEGER:
        raise StrictJsonError("an integer beyond 2^53")
    return int(text)
