"""Whole loan stories told by a foreign client: only HTTP, only what the API documents."""

from yidaitong.sandbox.story.client import StoryError
from yidaitong.sandbox.story.running import Wanted, run

__all__ = ["StoryError", "Wanted", "run"]
