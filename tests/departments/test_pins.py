"""Whose signature counts: pinned keys within their time; and the registry look-up."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.departments.gateways import FIRM, Platform, a_gateway
from tests.sandboxes import LiveSandbox
from yidaitong.departments.gateway import Gateway
from yidaitong.enterprises.errors import RegistryUnavailableError
from yidaitong.enterprises.registry import RegistryQuestion
from yidaitong.kernel.clock import business_date, wall
from yidaitong.kernel.crypto.keys import generate, public_of
from yidaitong.kernel.ids import uuid7
from yidaitong.sandbox.keys import pins_path


class TestPins:
    def test_without_pins_nothing_is_believed(
        self, live: LiveSandbox, platform: Platform, tmp_path: Path
    ) -> None:
        with a_gateway(live, platform, gateway_keys_file=tmp_path / "none") as gateway:
            fetched = gateway.fetch(platform.order())

        assert (fetched.problem, fetched.retryable, fetched.answer) == ("NO_KEYS", True, None)

    @pytest.mark.parametrize(
        ("member", "days", "problem"),
        [
            ("ydt_revoked", -1, "WRONG_KEY"),
            ("ydt_to", -1, "WRONG_KEY"),
            ("ydt_from", 1, "WRONG_KEY"),
            ("ydt_to", 1, None),
            ("ydt_from", -1, None),
        ],
    )
    @pytest.mark.promise("T22")
    def test_a_key_signs_within_its_time_only(
        self,
        live: LiveSandbox,
        platform: Platform,
        tmp_path: Path,
        member: str,
        days: int,
        problem: str | None,
    ) -> None:
        pins = json.loads(pins_path(live.home).read_text())
        for key in pins["keys"]:
            key[member] = (wall() + timedelta(days=days)).isoformat()
        changed = tmp_path / "pins.json"
        changed.write_text(json.dumps(pins))

        with a_gateway(live, platform, gateway_keys_file=changed) as gateway:
            assert gateway.fetch(platform.order()).problem == problem

    def test_changed_pins_count_at_once(
        self, live: LiveSandbox, platform: Platform, tmp_path: Path
    ) -> None:
        changing = tmp_path / "pins.json"
        changing.write_bytes(pins_path(live.home).read_bytes())
        with a_gateway(live, platform, gateway_keys_file=changing) as gateway:
            assert gateway.fetch(platform.order()).problem is None
            stranger = public_of(generate("Ed25519", ydt_owner="TAX"))
            changing.write_text(json.dumps({"keys": [stranger]}))
            assert gateway.fetch(platform.order()).problem == "WRONG_KEY"


class TestLookUp:
    def ask(self, gateway: Gateway, uscc: str = FIRM) -> RegistryQuestion:
        return RegistryQuestion(uuid7(), uuid7(), uscc)

    def test_the_registry_knows_the_firm(self, gateway: Gateway, live: LiveSandbox) -> None:
        record = gateway.look_up(self.ask(gateway))

        assert record.known
        assert record.name == "济南鑫源达机电有限公司"
        assert (record.status, record.district, record.rep_name) == ("1", "370112", "王建国")
        assert record.as_of is not None
        assert record.as_of < business_date(wall())
        assert (len(record.sha256), record.serial[:8]) == (43, "SAMR.REG")
        assert "rep_age" not in live.log()[0].fields

    def test_an_unknown_code_is_no_record(self, gateway: Gateway) -> None:
        record = gateway.look_up(self.ask(gateway, "91370100MA31U2DL70"))

        assert (record.known, record.name, len(record.sha256)) == (False, "", 43)

    @pytest.mark.parametrize(
        "kind", ["http-500", "slow", "bad-signature", "wrong-enterprise", "stale", "unavailable"]
    )
    def test_any_doubt_is_no_usable_answer(
        self, gateway: Gateway, live: LiveSandbox, kind: str
    ) -> None:
        live.fault(kind, seconds=1)

        with pytest.raises(RegistryUnavailableError):
            gateway.look_up(self.ask(gateway))
