"""The inbox: every act is there, opening answers it, the wallet says who was told."""

from tests.enterprise_portal.builders import text_of
from tests.enterprise_portal.world import World, another, applied, authorized, registered


class TestInbox:
    def test_a_withdrawal_is_told_to_all_and_opened_once(self, world: World) -> None:
        person = registered(world, another())
        _, asks = applied(person)
        chains = authorized(person, asks)
        wallet = f"/enterprise/authorizations/{chains[0]}"
        answer = person.post(f"{wallet}/revocation", {"reason": "SUBJECT_WISH"})
        assert answer.status_code == 303
        world.work()

        page = person.get("/enterprise/notices")
        words = text_of(page)
        for part in ("授权已撤回", "新", "查看", "齐鲁银行"):
            assert part in words, part
        told = text_of(person.get(wallet))
        for part in ("已通知哪些方", "齐鲁银行", "税务局", "已确认"):
            assert part in told, part
        receipt = person.api("GET", f"/consents/{chains[0]}/receipts/REVOKE").get_json()
        states = {one["to"]: one["state"] for one in receipt["revocation"]["notices"]}
        assert set(states.values()) == {"ACKED"}
        assert {"bank-qilu", "SAMR", "TAX"} <= set(states)

        opening = page.split('action="/enterprise/notices/')[1].split('"')[0]
        path = f"/enterprise/notices/{opening}"
        for _ in range(2):
            assert person.post(path, {}).status_code == 303
        assert page.count("/opening") - 1 == person.get("/enterprise/notices").count("/opening")
