"""What one request knows: runtime, trace id, the form as it was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, g, has_request_context, request

from yidaitong.kernel.ids import uuid7
from yidaitong.runtime import Runtime

EXTENSION = "yidaitong"


@dataclass(frozen=True, slots=True)
class FormState:
    """A form that was refused: what was typed and what is wrong, by field."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None

    def value(self, name: str, default: Any = "") -> Any:
        """What was typed into ``name``, or ``default`` on a fresh form."""
        return self.values.get(name, default)

    def error(self, name: str) -> str | None:
        """What is wrong with ``name``, in the reader's language."""
        return self.errors.get(name)


FRESH = FormState()


def runtime() -> Runtime:
    """The process's resources."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Runtime):
        raise TypeError("the app has no runtime")
    return found


def trace_id() -> str:
    """Id of this request; shown on error pages and written to logs and audit."""
    if not has_request_context():
        return ""
    if "trace_id" not in g:
        g.trace_id = uuid7().hex
    return str(g.trace_id)


def is_api() -> bool:
    """Whether this request speaks to machines: bearer tokens in, problem+json out."""
    return request.path.startswith("/api/")


def form_state() -> FormState:
    """The refused form of this request; fresh on a first visit."""
    state = g.get("form_state", FRESH)
    return state if isinstance(state, FormState) else FRESH


def keep_form(state: FormState) -> None:
    """Let the page that is shown again find what was typed."""
    g.form_state = state
