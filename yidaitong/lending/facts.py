"""What a policy run is fed: the packets' derived items, the application's own, the exposure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from yidaitong.kernel.clock import business_date
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import exposures
from yidaitong.lending.models import Application
from yidaitong.products.policy import Fact, Why

EXPOSURE: Final = "exp.platform_fen"
_FORMULA: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Facts that came under one consent, and the hash of the packet they came in."""

    chain_id: UUID
    facts: Mapping[str, Fact] = field(repr=False)


def platform_facts(uow: UnitOfWork, application: Application) -> dict[str, Fact]:
    """What the platform itself knows, as of today's business date."""
    owed = exposures.platform_fen(uow, application.enterprise_id, without=application.id)
    today = business_date(uow.now)
    return {
        EXPOSURE: _own(owed, "platform", today),
        "app.amount_fen": _own(application.amount_fen, "application", today),
        "app.term_months": _own(application.term_months, "application", today),
    }


def merged(bundles: Iterable[Bundle], platform: Mapping[str, Fact]) -> dict[str, Fact]:
    """One set of inputs; what is known wins over what is not, the platform's own over all."""
    found: dict[str, Fact] = {}
    for bundle in bundles:
        for name, fact in bundle.facts.items():
            if name not in found or found[name].value is None:
                found[name] = fact
    return found | dict(platform)


# Wire format: append only; facts are stored sealed in this form.
def fact_json(fact: Fact) -> dict[str, Any]:
    """A fact as plain JSON."""
    return {
        "value": fact.value,
        "why": None if fact.why is None else fact.why.value,
        "as_of": None if fact.as_of is None else fact.as_of.isoformat(),
        "source": fact.source,
        "formula_version": fact.formula_version,
    }


def fact_of(stored: Mapping[str, Any]) -> Fact:
    """The fact that :func:`fact_json` wrote."""
    return Fact(
        value=stored["value"],
        why=None if stored["why"] is None else Why(stored["why"]),
        as_of=None if stored["as_of"] is None else date.fromisoformat(stored["as_of"]),
        source=stored["source"],
        formula_version=stored["formula_version"],
    )


def _own(value: int, source: str, on: date) -> Fact:
    return Fact(value=value, as_of=on, source=source, formula_version=_FORMULA)
