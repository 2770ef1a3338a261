"""M08: what an enterprise was lent on average."""

from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.oversight.definitions import Metric, Moment, Unit
from yidaitong.oversight.metrics import amount_disbursed, enterprises_lent


def half_up(total: int, count: int) -> int:
    """``total / count``, half a fen up."""
    return (2 * total + count) // (2 * count)


def _value(uow: UnitOfWork, moment: Moment) -> int | None:
    count = enterprises_lent.METRIC.value(uow, moment) or 0
    total = amount_disbursed.METRIC.value(uow, moment) or 0
    return half_up(total, count) if count else None


METRIC = Metric(
    id="M08",
    text=Text("户均放款", "Average per enterprise"),
    unit=Unit.FEN,
    definition=Text(
        "累计放款金额除以放款企业数，四舍五入到分；没有放款企业时不显示",
        "Amount paid out divided by the enterprises lent to, half a fen up; none without loans",
    ),
    columns=enterprises_lent.METRIC.columns,
    value=_value,
    rows=enterprises_lent.METRIC.rows,
)
