"""What the platform checks of a version before people decide; run again at every decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from yidaitong.departments.queries import servable
from yidaitong.departments.registry import RESOURCES
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.models import ProductVersion
from yidaitong.products.policy import Policy, items, resources
from yidaitong.products.policy.coverage import Finding, Hole, check
from yidaitong.products.policy.wording import facts_text
from yidaitong.products.queries import policy_of
from yidaitong.products.trials import LEAST, Tried, read_trials, run

# No policy may look at these (fairness); the catalogue has none of them, and must not gain any.
FORBIDDEN: Final = frozenset(
    {"gender", "sex", "ethnicity", "ethnic", "hukou", "religion", "marital", "party", "health"}
)


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the platform; ``code`` is permanent."""

    code: str
    passed: bool
    text: Text


def run_checks(uow: UnitOfWork, version: ProductVersion) -> list[Check]:
    """Every check of a version, passed ones too, in the order people read them."""
    policy = policy_of(version)
    tried = run(policy, read_trials(version.trials))
    return [
        _product(version, policy),
        _release(uow, policy),
        _fairness(policy),
        _coverage(policy),
        _trial_count(tried),
        _trials(tried),
        _terms(version, tried),
        _rules_named(version, policy),
    ]


def _product(version: ProductVersion, policy: Policy) -> Check:
    same = policy.product == version.product_id
    return Check("PRODUCT", same, Text("规则属于本产品", "The policy is this product's"))


def _release(uow: UnitOfWork, policy: Policy) -> Check:
    """Serving includes the departments' word that banks may be given it."""
    missing = servable(uow, resources(policy))
    if not missing:
        return Check(
            "RELEASE", True, Text("所涉资源均可转供银行", "All resources may be passed to banks")
        )
    zh = "、".join(f"{_resource(one.resource).zh}({one.why.text.zh})" for one in missing)
    en = ", ".join(f"{_resource(one.resource).en} ({one.why.text.en})" for one in missing)
    return Check(
        "RELEASE",
        False,
        Text(f"以下资源不可用:{zh}", f"These resources cannot be used: {en}"),
    )


def _resource(code: str) -> Text:
    known = RESOURCES.get(code)
    return Text(code, code) if known is None else known.text


def _fairness(policy: Policy) -> Check:
    named = [name for name in items(policy) if FORBIDDEN & set(name.replace(".", "_").split("_"))]
    return Check(
        "FAIRNESS",
        not named,
        Text(
            "不使用性别、民族、户籍等信息",
            "No gender, ethnicity, household registration or the like",
        ),
    )


def _coverage(policy: Policy) -> Check:
    findings = check(policy)
    if not findings:
        return Check(
            "COVERAGE",
            True,
            Text("定价表无遗漏、无重叠", "The table has no gap and no overlap"),
        )
    zh = ";".join(_hole(one).zh for one in findings[:3])
    en = "; ".join(_hole(one).en for one in findings[:3])
    return Check("COVERAGE", False, Text(f"定价表有误:{zh}", f"The table is wrong: {en}"))


def _hole(finding: Finding) -> Text:
    facts = facts_text(finding.facts)
    match finding.hole:
        case Hole.GAP:
            return Text(f"{facts.zh} 未命中任何行", f"{facts.en} hits no row")
        case Hole.OVERLAP:
            rows = ", ".join(str(row + 1) for row in finding.rows)
            return Text(f"{facts.zh} 同时命中第 {rows} 行", f"{facts.en} hits rows {rows}")
    return Text("组合过多,无法逐一核对", "too many combinations to check")  # Hole.TOO_MANY


def _trial_count(tried: list[Tried]) -> Check:
    return Check(
        "TRIAL_COUNT",
        len(tried) >= LEAST,
        Text(
            f"测试用例 {len(tried)} 个(至少 {LEAST} 个)",
            f"{len(tried)} test cases (at least {LEAST})",
        ),
    )


def _trials(tried: list[Tried]) -> Check:
    failed = [one.trial.id for one in tried if not one.passed]
    if not failed:
        return Check("TRIALS", True, Text("测试用例全部通过", "All test cases pass"))
    some = ", ".join(failed[:10])
    return Check("TRIALS", False, Text(f"测试用例未通过:{some}", f"Test cases that fail: {some}"))


def _terms(version: ProductVersion, tried: list[Tried]) -> Check:
    """What the shelf promises is what the policy gives."""
    outside = [one.trial.id for one in tried if not all(_within(version, one))]
    some = ", ".join(outside[:10])
    if not outside:
        text = Text("测试结果在产品额度和利率范围内", "All results are within cap and rate range")
    else:
        text = Text(f"超出产品额度或利率范围:{some}", f"Outside cap or rate range: {some}")
    return Check("TERMS", not outside, text)


def _within(version: ProductVersion, tried: Tried) -> Iterator[bool]:
    limit, rate = tried.evaluation.limit_fen, tried.evaluation.rate_bp
    yield limit is None or limit <= version.cap_fen
    yield rate is None or version.rate_min_bp <= rate <= version.rate_max_bp


def _rules_named(version: ProductVersion, policy: Policy) -> Check:
    known = {rule.id for rule in policy.rules}
    return Check(
        "CONFIDENTIAL",
        known.issuperset(version.confidential_rules),
        Text("保密门槛均对应现有规则", "Confidential thresholds name rules of the policy"),
    )
