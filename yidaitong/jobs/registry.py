"""Names of jobs and what runs them; names are stored, so they never change."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from yidaitong.runtime import Runtime

# A task gives None when it is done, or how long to wait before it is run again.
Task = Callable[..., timedelta | None]

_TASKS: dict[str, Task] = {}
_PERIODS: dict[str, int] = {}


def job(name: str, *, every: int | None = None) -> Callable[[Task], Task]:
    """Register a task under its permanent name (``noun.verb``).

    ``every``: the ticker promises it, without arguments, once in so many seconds.
    """

    def register(task: Task) -> Task:
        if name in _TASKS:
            raise RuntimeError(f"job {name} is registered twice")
        _TASKS[name] = task
        if every is not None:
            _PERIODS[name] = every
        return task

    return register


def tasks() -> Mapping[str, Task]:
    """All registered tasks."""
    return _TASKS


def periods() -> Mapping[str, int]:
    """Periodic jobs and their periods in seconds."""
    return _PERIODS


def run(runtime: Runtime, name: str, arguments: Mapping[str, Any]) -> timedelta | None:
    """Run one task with its JSON ids; how long to wait before it runs again, None when done.

    Raises:
        LookupError: no task has this name.
    """
    task = _TASKS.get(name)
    if task is None:
        raise LookupError(f"no job is called {name}")
    return task(runtime, **arguments)
