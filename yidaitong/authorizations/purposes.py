"""The closed list of purposes: for how long, how often, until what, and what the bank may keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from consent.artefact import DataLife, Frequency
from yidaitong.kernel.text import Text

_SHANGHAI = "Asia/Shanghai"


# Wire format: append only.
class Purpose(StrEnum):
    """What data may be used for."""

    PRECHECK = "PRECHECK"
    ORIGINATION = "ORIGINATION"
    POST_LOAN = "POST_LOAN"
    CLAIM = "CLAIM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Limits of one purpose; ``life_days`` bounds the consent, ``keep`` what the bank may keep."""

    text: Text
    aim: Text
    version: int
    life_days: int
    frequency: Frequency
    ends_on: tuple[str, ...]
    mode: str
    keep: DataLife
    template_id: str

    @property
    def life(self) -> timedelta:
        """How long a consent lasts unless something ends it."""
        return timedelta(days=self.life_days)

    @property
    def total_quota(self) -> int | None:
        """Calls of each resource over the whole life, where it is a fixed number."""
        return self.frequency.n if self.frequency.unit == "LIFE" else None

    @property
    def fetch_type(self) -> str:
        """ONE_TIME or PERIODIC."""
        return "ONE_TIME" if self.total_quota == 1 else "PERIODIC"


def _times(unit: str, n: int) -> Frequency:
    return Frequency(unit=unit, n=n, anchor_tz=_SHANGHAI)


TERMS: Mapping[Purpose, Terms] = {
    Purpose.PRECHECK: Terms(
        text=Text("预审", "Pre-check"),
        aim=Text("预先测算“{product}”的可贷额度", "a pre-check for “{product}”"),
        version=1,
        life_days=7,
        frequency=_times("LIFE", 1),
        ends_on=(),
        mode="COMPUTE",
        keep=DataLife(unit="DAY", n=1),
        template_id="tpl-precheck",
    ),
    Purpose.ORIGINATION: Terms(
        text=Text("授信", "Origination"),
        aim=Text("审批本次“{product}”申请", "deciding this application for “{product}”"),
        version=1,
        life_days=30,
        frequency=_times("LIFE", 3),
        ends_on=("DECISION",),
        mode="STORE",
        keep=DataLife(unit="DAY", n=90),
        template_id="tpl-origination",
    ),
    Purpose.POST_LOAN: Terms(
        text=Text("贷后", "Post-loan"),
        aim=Text("“{product}”贷款的贷后管理", "monitoring the loan “{product}”"),
        version=1,
        life_days=365,
        frequency=_times("MONTH", 1),
        ends_on=("LOAN_CLOSED",),
        mode="STORE",
        keep=DataLife(unit="DAY", n=90),
        template_id="tpl-post-loan",
    ),
    Purpose.CLAIM: Terms(
        text=Text("补偿追偿", "Claim and recovery"),
        aim=Text("“{product}”贷款的风险补偿与追偿", "compensation and recovery of “{product}”"),
        version=1,
        life_days=365,
        frequency=_times("LIFE", 3),
        ends_on=("RECOVERY_CLOSED",),
        mode="STORE",
        keep=DataLife(unit="DAY", n=90),
        template_id="tpl-claim",
    ),
}
