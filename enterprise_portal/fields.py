"""Fields of this portal that forgive how people type: width, blanks, lower case."""

import re
from collections.abc import Mapping
from typing import Any

from yidaitong.kernel.schema import Line
from yidaitong.kernel.text import fold

_SEPARATORS = re.compile(r"[-‐‑–—]")


class CodeField(Line):
    """A credit code or ID number: half width, upper case, no blanks."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        return fold(super()._deserialize(value, attr, data, **options)).upper()


class MobileField(Line):
    """A mobile number: half width, no blanks or hyphens."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        return _SEPARATORS.sub("", fold(super()._deserialize(value, attr, data, **options)))
