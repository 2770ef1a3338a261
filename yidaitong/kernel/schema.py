"""Schemas of what comes in: unknown members are refused, the result is a frozen command."""

from collections.abc import Mapping
from typing import Any, ClassVar
from unicodedata import category

from marshmallow import RAISE, Schema, ValidationError, fields, post_load

from yidaitong.kernel.money import MoneyError, parse_wan, parse_yuan

_MAX_TEXT = 2000
# Unicode categories that have no place in one line of text: control, format, surrogate, private.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class CommandSchema(Schema):
    """Loads a form or a JSON object into the frozen dataclass named by ``command``."""

    command: ClassVar[type[Any] | None] = None

    class Meta:
        """Mass assignment ends here."""

        unknown = RAISE

    @post_load
    def make_command(self, data: Mapping[str, Any], **_options: Any) -> Any:
        """The command, or the plain mapping where no command is named."""
        return data if self.command is None else self.command(**data)


class Line(fields.String):
    """One line of text, blanks at its ends removed; no control or invisible signs."""

    def __init__(self, *, max_length: int = 200, **options: Any) -> None:
        super().__init__(**options)
        self.max_length = min(max_length, _MAX_TEXT)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        text = str(super()._deserialize(value, attr, data, **options)).strip()
        if self.required and not text:
            raise ValidationError("MISSING")
        if len(text) > self.max_length:
            raise ValidationError("TOO_LONG")
        if any(category(sign) in _HIDDEN for sign in text):
            raise ValidationError("SIGNS")
        return text


class Paragraph(fields.String):
    """Text of several lines; line ends become one sign, other control signs are refused."""

    def __init__(self, *, max_length: int = _MAX_TEXT, **options: Any) -> None:
        super().__init__(**options)
        self.max_length = max_length

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        text = str(super()._deserialize(value, attr, data, **options)).replace("\r\n", "\n").strip()
        if self.required and not text:
            raise ValidationError("MISSING")
        if len(text) > self.max_length:
            raise ValidationError("TOO_LONG")
        if any(category(sign) in _HIDDEN and sign not in "\n\t" for sign in text):
            raise ValidationError("SIGNS")
        return text


class _MoneyField(fields.Field[int]):
    def __init__(self, *, low: int = 0, high: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.low = low
        self.high = high

    def _parse(self, text: str) -> int:
        raise NotImplementedError

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> int:
        del attr, data, options
        if not isinstance(value, str):
            raise ValidationError("NOT_MONEY")
        try:
            fen = self._parse(value)
        except MoneyError as error:
            raise ValidationError("NOT_MONEY") from error
        if fen < self.low:
            raise ValidationError("TOO_SMALL")
        if self.high is not None and fen > self.high:
            raise ValidationError("TOO_LARGE")
        return fen


class YuanField(_MoneyField):
    """Fen of a decimal string in 元; ``low`` and ``high`` in fen."""

    def _parse(self, text: str) -> int:
        return parse_yuan(text)


class WanField(_MoneyField):
    """Fen of a decimal string in 万元; ``low`` and ``high`` in fen."""

    def _parse(self, text: str) -> int:
        return parse_wan(text)
