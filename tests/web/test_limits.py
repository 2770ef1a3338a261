"""Quotas: who asks too often waits, everybody else does not; without Redis requests go on."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

import gov_portal
from yidaitong.app import create_app
from yidaitong.runtime import Runtime
from yidaitong.web.limits import QUOTAS, storage_url


@pytest.fixture
def limited(runtime: Runtime) -> Iterator[Runtime]:
    made = Runtime(replace(runtime.settings, rate_limits=True))
    yield made
    made.close()


@pytest.fixture
def away(runtime: Runtime) -> Iterator[Runtime]:
    nowhere = "unix:///nowhere/redis.sock?db=0"
    made = Runtime(replace(runtime.settings, rate_limits=True, redis_url=nowhere))
    yield made
    made.close()


class TestQuotas:
    @pytest.mark.promise("T27")
    def test_too_many_requests_are_told_when_to_come_back(self, limited: Runtime) -> None:
        client = create_app(limited, [gov_portal]).test_client()

        answers = [client.get("/login") for _ in range(60)]

        refused = [one for one in answers if one.status_code == 429]
        assert 0 < len(refused) < 60
        assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)

    @pytest.mark.promise("T27")
    def test_another_address_is_not_held_up(self, limited: Runtime) -> None:
        client = create_app(limited, [gov_portal]).test_client()
        for _ in range(60):
            client.get("/login")

        other = client.get("/login", environ_base={"REMOTE_ADDR": "192.0.2.9"})

        assert other.status_code == 200

    @pytest.mark.promise("T27")
    def test_health_is_never_refused(self, limited: Runtime) -> None:
        client = create_app(limited, [gov_portal]).test_client()

        assert {client.get("/health").status_code for _ in range(60)} == {200}

    @pytest.mark.promise("R11")
    def test_without_redis_pages_go_on(self, away: Runtime) -> None:
        assert create_app(away, [gov_portal]).test_client().get("/login").status_code == 200

    def test_the_limiter_spells_sockets_its_own_way(self) -> None:
        assert storage_url("unix:///x?db=0") == "redis+unix:///x?db=0"
        assert storage_url("redis://x") == "redis://x"
        assert len(QUOTAS) == 4
