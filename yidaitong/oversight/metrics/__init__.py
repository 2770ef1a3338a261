"""One file a metric; definitions follow yidaitong/docs/metrics.md."""
