"""Fields of this portal's forms and JSON: whole numbers, codes of enums."""

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields

_DIGITS: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})", re.ASCII)


class Whole(fields.Field[int]):
    """A whole number: digits of a form, an integer of JSON; 12.5, true and "1e3" are none."""

    def __init__(self, *, low: int, high: int, **options: Any) -> None:
        super().__init__(**options)
        self.low = low
        self.high = high

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> int:
        del attr, data, options
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("NOT_INTEGER")
        if value < self.low:
            raise ValidationError("TOO_SMALL")
        if value > self.high:
            raise ValidationError("TOO_LARGE")
        return value
