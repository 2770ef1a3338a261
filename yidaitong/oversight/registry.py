"""Every metric, found by folder: a new metric is one file in ``metrics/``."""

import importlib
import pkgutil

from yidaitong.kernel.errors import NotFoundError
from yidaitong.oversight import metrics
from yidaitong.oversight.definitions import Metric


def _collect() -> dict[str, Metric]:
    found: list[Metric] = []
    for module in pkgutil.iter_modules(metrics.__path__):
        metric = importlib.import_module(f"{metrics.__name__}.{module.name}").METRIC
        if not isinstance(metric, Metric):
            raise TypeError(f"{module.name}.METRIC is no Metric")
        found.append(metric)
    return {metric.id: metric for metric in sorted(found, key=lambda metric: metric.id)}


METRICS: dict[str, Metric] = _collect()


def metric_of(metric_id: str) -> Metric:
    """The metric with this id.

    Raises:
        NotFoundError: there is none.
    """
    metric = METRICS.get(metric_id)
    if metric is None:
        raise NotFoundError(f"metric {metric_id[:8]}")
    return metric
