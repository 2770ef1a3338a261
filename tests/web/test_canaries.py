"""What people type or are stays out of logs, addresses and audit rows."""

import pytest
from sqlalchemy import text

from tests.enterprise_portal.builders import PASSWORD
from tests.web.conftest import Site
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.codes import id_problem

CANARIES = {
    "name": "金丝雀测试人",
    "id_number": "370199198505055555",
    "mobile": "13987654321",
    "password": "canary-phrase-4711",
    "login": "canary.login.4711",
    "progress_code": "c" * 32 + ".canaryresume4711",
}


@pytest.mark.promise("T21")
class TestCanaries:
    def test_none_is_in_logs_addresses_or_audit(
        self, site: Site, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        assert id_problem(CANARIES["id_number"]) is not None
        someone, rep = site.visitor(), site.rep()
        steps = ("", "/resume", "/representative", "/account")
        forms = ["/login", *(f"/enterprise/register{step}" for step in steps)]
        places = [someone.post(path, CANARIES) for path in forms]
        places.append(
            someone.client.post(
                "/api/session/v1/sessions",
                json={"login": CANARIES["login"], "password": CANARIES["password"]},
            )
        )
        places.append(rep.post("/account/password", {"current": PASSWORD, "new": "x"} | CANARIES))
        places.append(rep.api("POST", "/registrations", CANARIES))

        written = "".join(capfd.readouterr()) + caplog.text
        written += "".join(one.headers.get("Location", "") for one in places)
        with site.runtime.transaction(SYSTEM) as uow:
            rows = uow.session.execute(text("SELECT audit_event::text FROM audit_event"))
            written += "".join(row[0] for row in rows)

        assert [value for value in CANARIES.values() if value in written] == []
        assert all(one.status_code < 500 for one in places)

    def test_a_line_end_makes_no_new_line(
        self, site: Site, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        site.visitor().client.get("/login", headers={"User-Agent": "a", "X-Forwarded-For": "1"})
        answer = site.visitor().client.get("/nowhere%0d%0aforged%3a%20entry")

        assert answer.status_code == 404
        written = "".join(capfd.readouterr()) + caplog.text
        assert "\nforged" not in written
