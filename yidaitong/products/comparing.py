"""What changed from one version of a product to the next: its terms, then its policy."""

from collections.abc import Iterator

from yidaitong.kernel.text import Text
from yidaitong.products.models import ProductVersion
from yidaitong.products.policy.diffing import Change, changed, diff
from yidaitong.products.policy.labels import yuan_text
from yidaitong.products.queries import policy_of

_BP_PER_PERCENT = 100


def compare(old: ProductVersion, new: ProductVersion) -> list[Change]:
    """Every change from ``old`` to ``new``, in reading order."""
    return [*_terms(old, new), *diff(policy_of(old), policy_of(new))]


def _terms(old: ProductVersion, new: ProductVersion) -> Iterator[Change]:
    yield from changed("NAME", old.name, new.name)
    yield from changed("SUMMARY", old.summary, new.summary)
    yield from changed("AUDIENCE", old.audience, new.audience)
    yield from changed("CAP", yuan_text(old.cap_fen), yuan_text(new.cap_fen))
    yield from changed("RATE_RANGE", _rates(old), _rates(new))
    yield from changed("TERM_RANGE", _months(old), _months(new))
    yield from changed("REPAYMENT", old.repayment.text, new.repayment.text)
    yield from changed("FEES", _fees(old), _fees(new))
    yield from changed("CONFIDENTIAL", _hidden(old), _hidden(new))


def _rates(version: ProductVersion) -> Text:
    words = f"{_percent(version.rate_min_bp)} – {_percent(version.rate_max_bp)}"
    return Text(words, words)


def _months(version: ProductVersion) -> Text:
    words = f"{version.term_min} – {version.term_max}"
    return Text(f"{words} 个月", f"{words} months")


def _fees(version: ProductVersion) -> Text:
    parts = [
        _percent(bp) for bp in (version.guarantee_bp, version.assessment_bp, version.bridge_bp)
    ]
    return Text(
        f"担保 {parts[0]}、评估 {parts[1]}、过桥 {parts[2]}",
        f"guarantee {parts[0]}, assessment {parts[1]}, bridge {parts[2]}",
    )


def _hidden(version: ProductVersion) -> Text:
    words = " ".join(version.confidential_rules)
    return Text(words or "无", words or "none")


def _percent(bp: int) -> str:
    whole, rest = divmod(bp, _BP_PER_PERCENT)
    return f"{whole}.{rest:02d} %"
