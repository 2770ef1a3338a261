"""One version as people decide on it: words, changes, checks, test cases, who did what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from yidaitong.accounts.registering import names_of
from yidaitong.banks.queries import bank_of
from yidaitong.departments.items import ITEMS
from yidaitong.departments.registry import DEPARTMENTS, RESOURCES
from yidaitong.kernel.actor import Actor
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, editing, effecting
from yidaitong.products.comparing import compare
from yidaitong.products.costs import YearlyCost, cost_range
from yidaitong.products.guards import Check, run_checks
from yidaitong.products.lifecycle import OPEN, ProductState
from yidaitong.products.models import ProductVersion
from yidaitong.products.policy import Policy, items
from yidaitong.products.policy.diffing import Change
from yidaitong.products.policy.grammar import OnFail
from yidaitong.products.policy.labels import item_text, yuan_text
from yidaitong.products.policy.wording import (
    condition_text,
    limit_text,
    rate_text,
    row_text,
)
from yidaitong.products.queries import policy_of, version_before, version_in_full, versions
from yidaitong.products.trials import Tried, read_trials, run


class Act(StrEnum):
    """What somebody may do with a version now."""

    EDIT = "EDIT"
    SUBMIT = "SUBMIT"
    CHECK = "CHECK"
    REVIEW = "REVIEW"
    ADMIT = "ADMIT"
    RETURN = "RETURN"
    TAKE_EFFECT = "TAKE_EFFECT"
    RETIRE = "RETIRE"
    REDRAFT = "REDRAFT"


_S = ProductState
_ACTS: Final[Mapping[ProductState, tuple[tuple[Act, str], ...]]] = {
    _S.DRAFT: ((Act.EDIT, editing.EDIT), (Act.SUBMIT, approving.SUBMIT)),
    _S.SUBMITTED: ((Act.CHECK, approving.CHECK), (Act.RETURN, approving.CHECK)),
    _S.BANK_CHECKED: ((Act.REVIEW, approving.REVIEW), (Act.RETURN, approving.REVIEW)),
    _S.CENTRE_REVIEWED: ((Act.ADMIT, approving.ADMIT), (Act.RETURN, approving.ADMIT)),
    _S.CENTRE_ADMITTED: (
        (Act.TAKE_EFFECT, effecting.PUBLISH),
        (Act.RETIRE, effecting.PUBLISH),
        (Act.RETIRE, effecting.STOP),
    ),
    _S.EFFECTIVE: (
        (Act.REDRAFT, editing.EDIT),
        (Act.RETIRE, effecting.PUBLISH),
        (Act.RETIRE, effecting.STOP),
    ),
    _S.RETIRED: ((Act.REDRAFT, editing.EDIT),),
    _S.RETURNED: (),
}
# Decisions that take another natural person than all before.
_FOUR_EYES: Final = frozenset({Act.SUBMIT, Act.CHECK, Act.REVIEW, Act.ADMIT})


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule in words."""

    id: str
    text: Text
    rejects: bool
    confidential: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One act in the life of a version: when, what, who."""

    at: datetime
    text: Text
    person: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """Everything a page shows of one version."""

    version: ProductVersion
    bank: Text
    least: YearlyCost
    most: YearlyCost
    least_limit: Text
    rules: tuple[RuleLine, ...]
    rows: tuple[Text, ...]
    limit: Text
    rate: Text
    items: tuple[tuple[Text, tuple[Text, ...]], ...]
    before: ProductVersion | None
    changes: tuple[Change, ...]
    checks: tuple[Check, ...]
    tried: tuple[Tried, ...]
    steps: tuple[Step, ...]
    others: tuple[ProductVersion, ...]
    acts: frozenset[Act]

    @property
    def sound(self) -> bool:
        """Whether every check of the platform passes."""
        return all(check.passed for check in self.checks)


def view(uow: UnitOfWork, version_id: UUID) -> VersionView:
    """One version for a page.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    version = version_in_full(uow, version_id)
    policy = policy_of(version)
    before = version_before(uow, version)
    least, most = cost_range(version)
    everyone = versions(uow, version.product_id)
    return VersionView(
        version=version,
        bank=bank_of(uow, version.bank_id).name,
        least=least,
        most=most,
        least_limit=yuan_text(policy.min_limit_fen),
        rules=_rules(version, policy),
        rows=tuple(row_text(row) for row in policy.rows),
        limit=limit_text(policy),
        rate=rate_text(policy),
        items=_items(policy),
        before=before,
        changes=() if before is None else tuple(compare(before, version)),
        checks=tuple(run_checks(uow, version)),
        tried=tuple(run(policy, read_trials(version.trials))),
        steps=_steps(uow, version),
        others=tuple(everyone),
        acts=_acts(uow.actor, version, everyone),
    )


def _acts(actor: Actor, version: ProductVersion, everyone: list[ProductVersion]) -> frozenset[Act]:
    found = {act for act, permission in _ACTS[version.state] if actor.may(permission)}
    if actor.person_id in _people(version):
        found -= _FOUR_EYES
    if any(other.state in OPEN for other in everyone) or version is not everyone[0]:
        found.discard(Act.REDRAFT)
    return frozenset(found)


def _people(version: ProductVersion) -> set[UUID]:
    found = {
        version.maker_person_id,
        version.checker_person_id,
        version.reviewer_person_id,
        version.admitter_person_id,
    }
    return {person for person in found if person is not None}


def _rules(version: ProductVersion, policy: Policy) -> tuple[RuleLine, ...]:
    hidden = set(version.confidential_rules)
    return tuple(
        RuleLine(
            rule.id,
            condition_text(rule.condition),
            rule.on_fail is OnFail.REJECT,
            rule.id in hidden,
        )
        for rule in policy.rules
    )


def _items(policy: Policy) -> tuple[tuple[Text, tuple[Text, ...]], ...]:
    """What would be asked of whom, department by department."""
    found: dict[str, list[Text]] = {}
    for name in items(policy):
        resource = ITEMS[name].resource
        if resource is not None:
            found.setdefault(RESOURCES[resource].department, []).append(item_text(name))
    return tuple((DEPARTMENTS[code].text, tuple(names)) for code, names in found.items())


def _steps(uow: UnitOfWork, version: ProductVersion) -> tuple[Step, ...]:
    names = names_of(uow, [*_people(version), *_known(version.returned_by)])
    acts = (
        (version.submitted_at, Text("银行提交", "Submitted"), version.maker_person_id, ""),
        (
            version.checked_at,
            Text("银行复核", "Checked at the bank"),
            version.checker_person_id,
            "",
        ),
        (
            version.reviewed_at,
            Text("中心初审", "Reviewed at the centre"),
            version.reviewer_person_id,
            version.review_note or "",
        ),
        (version.admitted_at, Text("中心准入", "Admitted"), version.admitter_person_id, ""),
        (
            version.returned_at,
            Text("退回", "Returned"),
            version.returned_by,
            version.return_reason or "",
        ),
        (version.effective_from, Text("生效", "In effect"), None, ""),
        (version.effective_to, Text("退出", "Retired"), None, ""),
    )
    return tuple(
        Step(at, text, names.get(person, "") if person else "", note)
        for at, text, person, note in acts
        if at is not None
    )


def _known(person: UUID | None) -> list[UUID]:
    return [] if person is None else [person]
