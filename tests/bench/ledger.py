"""``manage.py bench ledger``: the log's goals 1 to 7, each beside its limit in the same run."""

import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import ledger_live as live
from tests.bench import ledger_memory as memory
from tests.bench import ledger_rows as rows
from tests.bench.measuring import Bench, Goal, Round, judge, measure, options
from tests.consent.ledger.cluster import Cluster, throw_away

Work = tuple[Goal, Callable[[], Round]]
_LIVE_SECONDS = 10.0


def in_memory() -> list[Work]:
    """Goals that need no database."""
    tree = memory.great_tree()
    return [
        (Goal("1a", "append in batches of 256 / hashing floor", "×", 0.75),
         partial(memory.appended, True)),
        (Goal("1b", "append one by one / hashing floor", "×", 0.50),
         partial(memory.appended, False)),
        (Goal("2a", "inclusion proof at 10^6 leaves, CPU p50", "µs", 30, at_least=False),
         partial(memory.proved, tree, False)),
        (Goal("2b", "consistency proof at 10^6 leaves, CPU p50", "µs", 30, at_least=False),
         partial(memory.proved, tree, True)),
        (Goal("d2", "whole exported log checked again: tiles, leaves, promises", "entries/s"),
         memory.rechecked(20_000)),
    ]  # fmt: skip


def on_rows(cluster: Cluster) -> list[Work]:
    """Goals that are ratios to raw inserts on the same server."""
    return [
        (Goal("2c", "inclusion proof from PostgreSQL tiles, 200,000 leaves, p50", "ms", 1.0,
              at_least=False), rows.from_tiles(cluster, 200_000, 1_000)),
        (Goal("3a", "sequence + integrate / raw batched insert, B = 1,024", "×", 0.15),
         partial(rows.sequenced, cluster, 1_024, 16)),
        (Goal("3b", "sequence + integrate / raw batched insert, B = 4,096", "×", 0.28),
         partial(rows.sequenced, cluster, 4_096, 6)),
        (Goal("4", "submit / raw batched insert, B = 1,024", "×", 0.33),
         partial(rows.submitted, cluster, 1_024, 24)),
        (Goal("5a", "end to end, 4 writers, live sequencer / raw one-row commits", "×", 0.50),
         partial(rows.end_to_end, cluster, 1_500)),
        (Goal("5b", "business row + entry by SQLAlchemy Core / raw insert + commit", "×", 0.40),
         partial(rows.with_business_row, cluster, 3_000)),
        (Goal("d1", "lone submit with its commit, p50", "ms"),
         partial(rows.lone_submit, cluster, 500)),
    ]  # fmt: skip


def measure_waits(bench: Bench, cluster: Cluster, rounds: int) -> None:
    """Goal 6: both waits come from the same rounds."""
    sys.stderr.write(f"6     waits at {live.RATE}/s\n")
    with live.live(cluster, "waits") as settings:
        live.waited(settings, 2.0)
        found = [live.waited(settings, _LIVE_SECONDS) for _ in range(rounds)]
    bench.results += [
        judge(
            Goal("6a", f"submit → integrated, p99 at {live.RATE}/s", "ms", 250, at_least=False),
            [live.p99(one.integrated) for one in found],
        ),
        judge(
            Goal("6b", "submit → published head, p99, 1 s apart", "ms", 1_500, at_least=False),
            [live.p99(one.published) for one in found],
        ),
    ]


def once(folder: Path) -> Work:
    """Goal 7: each round kills on a cluster of its own."""
    numbers = count()

    def run() -> Round:
        with throw_away() as cluster:
            return live.exactly_once(cluster, folder / str(next(numbers)))

    goal = Goal("7", "entries lost or doubled under kills", "", 0, at_least=False)
    return goal, run


def main() -> int:
    """Measure everything asked for; the exit code."""
    given = options("ledger")
    bench = Bench("ledger")

    def wanted(goal_id: str) -> bool:
        return goal_id.startswith(given.only)

    if any(map(wanted, ("1a", "1b", "2a", "2b", "d2"))):
        run_all(bench, [one for one in in_memory() if wanted(one[0].id)], given.rounds)
    with throw_away() as cluster:
        bench.env["postgresql"] = cluster.log.one("SHOW server_version")
        bench.env["fsync"] = cluster.log.one("SHOW fsync")
        run_all(bench, [one for one in on_rows(cluster) if wanted(one[0].id)], given.rounds)
        if wanted("6"):
            measure_waits(bench, cluster, given.rounds)
    if wanted("7"):
        with TemporaryDirectory(prefix="ydt-bench-") as folder:
            run_all(bench, [once(Path(folder))], given.rounds)
    return bench.finish(machine=given.json)


def run_all(bench: Bench, works: list[Work], rounds: int) -> None:
    """Measure goals one after another."""
    bench.results += [measure(goal, run, rounds) for goal, run in works]


if __name__ == "__main__":
    sys.exit(main())
