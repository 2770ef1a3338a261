"""Keys whose time has come: who changes them, and who is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from consent.encoding import b64u_decode
from tests.jobs.keyrings import (
    all_open,
    days_pass,
    platform_of_files,
    some_sealed,
    used,
)
from tests.kernel.crypto.services import PLUG_IN, key_service
from yidaitong.audit.models import AuditEvent
from yidaitong.authorizations import keks
from yidaitong.jobs import registry, tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.crypto.box import KeyUse
from yidaitong.runtime import Runtime


@pytest.fixture
def rt(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    with platform_of_files(runtime, tmp_path / "keks") as made:
        yield made


class TestDue:
    def test_a_person_supplies_the_next_and_is_told_when(self, rt: Runtime) -> None:
        days_pass(rt, 29)
        with rt.transaction(SYSTEM) as uow:
            standing = keks.standing(uow)
            assert standing == keks.Standing(version=1, age_days=29, due=False, held=True)
        days_pass(rt, 2)
        with rt.transaction(SYSTEM) as uow:
            standing = keks.standing(uow)
            assert standing is not None
            assert standing.due

        registry.run(rt, "keys.tick", {})

        assert rt.crypto.keyring.provider.versions() == (1,)

    def test_a_key_service_makes_the_next_by_itself(self, runtime: Runtime) -> None:
        tasks.load()
        with key_service() as service:
            settings = replace(
                runtime.settings, keks={}, kek_provider=PLUG_IN, kek_config=service.path
            )
            rt = Runtime(settings)
            sealed = some_sealed(rt, 3)
            registry.run(rt, "keys.tick", {})
            assert rt.crypto.keyring.provider.versions() == (1,)
            days_pass(rt, 31)

            registry.run(rt, "keys.tick", {})
            registry.run(rt, keks.REWRAP, {})

            assert rt.crypto.keyring.provider.versions() == (1, 2)
            assert set(used(rt)) == {2}
            assert all_open(rt, sealed)
            registry.run(rt, "keys.tick", {})
            assert rt.crypto.keyring.provider.versions() == (1, 2)
            rt.close()


class TestSigningKeys:
    def kids(self, rt: Runtime) -> dict[KeyUse, str]:
        with rt.transaction(SYSTEM) as uow:
            return {use: uow.crypto.kid(uow.session, use) for use in KeyUse}

    @pytest.mark.promise("T22")
    def test_each_changes_after_a_year_and_the_old_stays_published(self, rt: Runtime) -> None:
        before = self.kids(rt)
        days_pass(rt, 364)
        registry.run(rt, "keys.tick", {})
        assert self.kids(rt) == before
        days_pass(rt, 2)

        registry.run(rt, "keys.tick", {})
        registry.run(rt, "keys.tick", {})

        after = self.kids(rt)
        assert all(after[use] != before[use] for use in KeyUse)
        with rt.transaction(SYSTEM) as uow:
            jwks = {jwk["kid"]: jwk for jwk in uow.crypto.public_jwks(uow.session)["keys"]}
            assert len(jwks) == 2 * len(KeyUse)
            for use in KeyUse:
                assert jwks[before[use]]["ydt_to"] >= jwks[before[use]]["ydt_from"]
                assert "ydt_to" not in jwks[after[use]]
                # Whoever pinned the old key finds what the old key says of the new one.
                kept = uow.crypto.statement(uow.session, after[use])
                assert kept is not None
                assert before[use] in str(b64u_decode(kept[0].split(".")[0]))
                assert after[use] in str(b64u_decode(kept[1].split(".")[0]))
                assert uow.crypto.statement(uow.session, before[use]) is None
            changes = uow.session.scalar(
                select(func.count()).where(AuditEvent.action == "keys.rotate")
            )
            assert changes == len(KeyUse)

    def test_it_can_be_turned_off(self, rt: Runtime) -> None:
        before = self.kids(rt)
        days_pass(rt, 400)
        still = Runtime(replace(rt.settings, signing_key_rotation=False))

        registry.run(still, "keys.tick", {})

        assert self.kids(rt) == before
        still.close()
