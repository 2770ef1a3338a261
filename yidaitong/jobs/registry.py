"""Names of jobs and what runs them; names are stored, so they never change."""

from collections.abc import Callable, Mapping
from typing import Any

from yidaitong.runtime import Runtime

Task = Callable[..., None]

_TASKS: dict[str, Task] = {}


def job(name: str) -> Callable[[Task], Task]:
    """Register a task under its permanent name (``noun.verb``)."""

    def register(task: Task) -> Task:
        if name in _TASKS:
            raise RuntimeError(f"job {name} is registered twice")
        _TASKS[name] = task
        return task

    return register


def tasks() -> Mapping[str, Task]:
    """All registered tasks."""
    return _TASKS


def run(runtime: Runtime, name: str, arguments: Mapping[str, Any]) -> None:
    """Run one task; arguments are JSON ids.

    Raises:
        LookupError: no task has this name.
    """
    task = _TASKS.get(name)
    if task is None:
        raise LookupError(f"no job is called {name}")
    task(runtime, **arguments)
