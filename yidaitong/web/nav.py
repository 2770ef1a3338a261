"""What a portal is to the app: two blueprints and its menu."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import Blueprint

from yidaitong.kernel.text import Text


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of a portal's menu; shown to whoever holds ``permission``.

    ``icon`` is a name of ``templates/components/icons.html``.
    """

    endpoint: str
    text: Text
    icon: str
    permission: str


class Portal(Protocol):
    """What a portal package exports."""

    @property
    def pages(self) -> Blueprint:
        """HTML pages, below ``/enterprise``, ``/bank`` or ``/gov``."""

    @property
    def api(self) -> Blueprint:
        """The JSON API, below ``/api/<realm>/v1``."""

    @property
    def nav(self) -> Sequence[NavItem]:
        """The lines of the menu, in order."""
