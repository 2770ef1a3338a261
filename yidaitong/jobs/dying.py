"""Fail points: places where a test lets a process die as if it were killed."""

import os

from yidaitong.runtime import Runtime

_KILLED = 9


def die_at(runtime: Runtime, point: str) -> None:
    """End this process on the spot if its settings say so; production settings cannot."""
    if runtime.settings.fail_point == point:
        os._exit(_KILLED)
