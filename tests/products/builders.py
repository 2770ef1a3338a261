"""A bank's draft and the people around it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from tests.products.people import QILU, a_banker, an_official, people
from yidaitong.departments import catalogue
from yidaitong.kernel.actor import Actor
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import approving, editing, effecting, launch
from yidaitong.products.commands import Confirm, DraftProduct
from yidaitong.products.models import ProductVersion


def content(**changes: Any) -> DraftProduct:
    """The content of the tax loan, changed."""
    return replace(launch.read("tax_credit").draft, **changes)


@dataclass(frozen=True)
class Team:
    """Four people of one version, and their acts."""

    uow: UnitOfWork
    maker: Actor
    checker: Actor
    officer: Actor
    admitter: Actor

    def draft(self, **changes: Any) -> ProductVersion:
        return editing.draft(self.uow.acting(self.maker), content(**changes))

    def submit(self, version: ProductVersion) -> ProductVersion:
        return approving.submit(self.uow.acting(self.maker), shown(version))

    def check(self, version: ProductVersion) -> ProductVersion:
        return approving.check(self.uow.acting(self.checker), shown(version))

    def review(self, version: ProductVersion) -> ProductVersion:
        return approving.review(self.uow.acting(self.officer), shown(version))

    def admit(self, version: ProductVersion) -> ProductVersion:
        return approving.admit(self.uow.acting(self.admitter), shown(version))

    def take_effect(self, version: ProductVersion) -> ProductVersion:
        return effecting.put_in_effect(self.uow.acting(self.maker), version.id)

    def steps(self) -> list[Callable[[ProductVersion], ProductVersion]]:
        return [self.submit, self.check, self.review, self.admit, self.take_effect]

    def until(self, steps: int, **changes: Any) -> ProductVersion:
        """A version after so many steps: 5 is in effect."""
        version = self.draft(**changes)
        for step in self.steps()[:steps]:
            step(version)
        return version


def shown(version: ProductVersion, note: str = "均为必需") -> Confirm:
    return Confirm(version_id=version.id, digest=version.content_sha256, note=note)


def nobody(version_id: UUID) -> Confirm:
    return Confirm(version_id=version_id, digest="", note="x")


def a_team(uow: UnitOfWork, bank_id: str = QILU) -> Team:
    """A team of an accredited bank."""
    catalogue.seed(uow)
    launch.accredit_banks(uow, people())
    return Team(
        uow=uow,
        maker=a_banker("bank_product", bank_id),
        checker=a_banker("bank_checker", bank_id),
        officer=an_official("centre_officer"),
        admitter=an_official("centre_checker"),
    )
