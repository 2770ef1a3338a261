"""Registration from the first form to the first sign-in, with live departments."""

import pytest
from sqlalchemy import func, select

from tests.enterprise_portal.builders import PASSWORD, Person, signed_in, text_of, visitor
from tests.enterprise_portal.world import World, another, profile_of, rep_of
from yidaitong.enterprises.models import Enterprise
from yidaitong.kernel.actor import SYSTEM

_HOME = "/enterprise/register"


def send(person: Person, step: str, form: dict[str, str]) -> str:
    """Fill in one step; the words of the page that follows."""
    path = f"{_HOME}/{step}" if step else _HOME
    answer = person.post(path, form)
    page = answer.text if answer.status_code >= 400 else person.get(answer.headers["Location"])
    return text_of(page)


def begun(world: World, language: str = "zh-CN") -> tuple[Person, str]:
    """Somebody whose firm matches the registry, and the firm's code."""
    person, uscc = visitor(world.app, language), another()
    send(person, "", {"uscc": uscc, "name": profile_of(uscc).name})
    return person, uscc


def how_many(world: World) -> int:
    with world.runtime.transaction(SYSTEM) as uow:
        return uow.session.scalar(select(func.count(Enterprise.id))) or 0


class TestPages:
    def test_four_steps_lead_to_a_signed_in_representative(self, world: World) -> None:
        person, uscc = begun(world)
        shown = text_of(person.get(_HOME))
        assert "核验法定代表人" in shown
        assert profile_of(uscc).rep.name not in shown

        assert "设置密码" in send(person, "representative", rep_of(uscc))
        assert "注册完成" in send(person, "account", {"password": PASSWORD})

        rep = signed_in(world.app, rep_of(uscc)["mobile"])
        assert profile_of(uscc).name in rep.get("/enterprise/profile")

    def test_it_forgives_width_blanks_and_lower_case(self, world: World) -> None:
        person, uscc = visitor(world.app), another()
        typed = f" {uscc[:8].lower()} {uscc[8:].lower()} "

        shown = send(person, "", {"uscc": typed, "name": f" {profile_of(uscc).name}"})

        assert "核验法定代表人" in shown

    def test_a_wrong_name_may_be_corrected(self, world: World) -> None:
        person, uscc = visitor(world.app), another()

        wrong = send(person, "", {"uscc": uscc, "name": "济南不存在有限公司"})
        right = send(person, "name", {"name": profile_of(uscc).name})

        assert "名称与登记信息不一致" in wrong
        assert "核验法定代表人" in right

    def test_it_goes_on_elsewhere_by_its_progress_code(self, world: World) -> None:
        person, uscc = begun(world)
        code = person.get(_HOME).split('<p class="ydt-code ydt-small">')[1].split("<")[0]

        elsewhere = visitor(world.app)
        shown = send(elsewhere, "resume", {"progress_code": f" {code} "})

        assert "核验法定代表人" in shown
        assert profile_of(uscc).name in shown

    @pytest.mark.parametrize("code", ["x", "0" * 32 + ".abc", "..", "'--", "0" * 32])
    def test_a_wrong_progress_code_says_so(self, world: World, code: str) -> None:
        answer = visitor(world.app).post(f"{_HOME}/resume", {"progress_code": code})

        assert answer.status_code == 400
        assert "编号不正确" in answer.text

    @pytest.mark.parametrize("step", ["registry-match", "name", "representative", "account"])
    def test_a_step_without_a_registration_leads_back(self, world: World, step: str) -> None:
        form = {
            "name": {"name": "x"},
            "representative": rep_of(another()),
            "account": {"password": PASSWORD},
        }.get(step, {})

        assert "请重新开始" in send(visitor(world.app), step, form)

    def test_another_person_is_refused_and_five_failures_lock(self, world: World) -> None:
        person, uscc = begun(world)
        stranger = rep_of(uscc) | {"mobile": "13800000000"}

        shown = [send(person, "representative", stranger) for _ in range(6)]
        right = send(person, "representative", rep_of(uscc))

        assert all("三项不一致" in one for one in shown[:5])
        assert "今日核验失败次数已达上限" in shown[5]
        assert "今日核验失败次数已达上限" in right

    def test_a_registered_code_is_told_to_sign_in(self, world: World) -> None:
        person, uscc = begun(world)
        send(person, "representative", rep_of(uscc))
        send(person, "account", {"password": PASSWORD})

        again = send(visitor(world.app), "", {"uscc": uscc, "name": profile_of(uscc).name})

        assert "已注册,请直接登录" in again

    def test_when_the_registry_is_away_it_waits(self, world: World) -> None:
        person, uscc = visitor(world.app), another()
        world.sandbox.fault("http-500", resource="SAMR.REG")
        try:
            away = send(person, "", {"uscc": uscc, "name": profile_of(uscc).name})
            still = send(person, "registry-match", {})
        finally:
            world.sandbox.faults()
        back = send(person, "registry-match", {})

        assert "暂未答复" in away
        assert "进度已保存" in still
        assert "核验法定代表人" in back


class TestInput:
    @pytest.mark.parametrize(
        ("form", "zh", "en"),
        [
            ({}, "请填写此项", "Please fill this in"),
            ({"uscc": "", "name": ""}, "请填写此项", "Please fill this in"),
            ({"uscc": "91370199MA31U2DL74", "name": "x"}, "校验码不正确", "check digit is wrong"),
            ({"uscc": "91370199MA31U2DL86", "name": "x"}, "主体标识码", "organisation body"),
            ({"uscc": "9137", "name": "x"}, "长度不正确", "Wrong length"),
            ({"uscc": "91370199MA31U2DLI3", "name": "x"}, "不允许的字符", "not allowed"),
            ({"uscc": "9" * 500, "name": "x"}, "内容过长", "Too long"),
            ({"uscc": "91370199MA31U2DL73", "name": "x" * 101}, "内容过长", "Too long"),
            ({"uscc": "91370199MA31U2DL73", "name": "a\u202eb"}, "不允许的字符", "not allowed"),
            ({"uscc": "'; DROP TABLE--", "name": "x"}, "长度不正确", "Wrong length"),
            ({"uscc": "91370199MA31U2DL73", "name": "x", "state": "ACTIVE"}, "不支持", "Unknown"),
        ],
    )
    def test_the_first_form_says_what_is_wrong(
        self, world: World, form: dict[str, str], zh: str, en: str
    ) -> None:
        for language, words in (("zh-CN", zh), ("en", en)):
            answer = visitor(world.app, language).post(_HOME, form)
            assert answer.status_code == 400
            assert words in answer.text
            assert "registration" not in answer.headers.get("Set-Cookie", "")

    @pytest.mark.parametrize(
        ("change", "zh", "en"),
        [
            ({"name": ""}, "请填写此项", "Please fill this in"),
            ({"id_number": "370199197403150016"}, "校验码不正确", "check digit"),
            ({"id_number": "370199197413150015"}, "出生日期不正确", "birthday"),
            ({"id_number": "abc"}, "长度不正确", "Wrong length"),
            ({"mobile": "12345678901"}, "不允许的字符", "not allowed"),
            ({"mobile": "138"}, "不允许的字符", "not allowed"),
            ({"name": "x" * 51}, "内容过长", "Too long"),
            ({"extra": "1"}, "不支持的字段", "Unknown field"),
        ],
    )
    def test_the_identity_form_says_what_is_wrong_and_takes_no_try(
        self, world: World, change: dict[str, str], zh: str, en: str
    ) -> None:
        for language, words in (("zh-CN", zh), ("en", en)):
            person, uscc = begun(world, language)
            answer = person.post(f"{_HOME}/representative", rep_of(uscc) | change)
            assert answer.status_code == 400
            assert words in answer.text

    @pytest.mark.parametrize(
        ("password", "zh", "en"),
        [
            ("", "请填写此项", "Please fill this in"),
            ("short", "至少 10 个字符", "At least 10 signs"),
            ("x" * 257, "内容过长", "Too long"),
        ],
    )
    def test_the_password_form_says_what_is_wrong(
        self, world: World, password: str, zh: str, en: str
    ) -> None:
        for language, words in (("zh-CN", zh), ("en", en)):
            person, uscc = begun(world, language)
            send(person, "representative", rep_of(uscc))
            answer = person.post(f"{_HOME}/account", {"password": password})
            assert answer.status_code == 400
            assert words in answer.text
            assert password == "" or password not in answer.text


class TestApi:
    @pytest.mark.parametrize(
        ("body", "field", "code"),
        [
            ({"name": "x"}, "uscc", "MISSING"),
            ({"uscc": 1, "name": "x"}, "uscc", "NOT_TEXT"),
            ({"uscc": None, "name": "x"}, "uscc", "MISSING"),
            ({"uscc": ["a"], "name": "x"}, "uscc", "NOT_TEXT"),
            ({"uscc": "91370199MA31U2DL74", "name": "x"}, "uscc", "CHECK_DIGIT"),
            ({"uscc": "91370199MA31U2DL73", "name": "x" * 101}, "name", "TOO_LONG"),
            ({"uscc": "91370199MA31U2DL73", "name": "a\u0007"}, "name", "SIGNS"),
            ({"uscc": "91370199MA31U2DL73", "name": "x", "id": 1}, "id", "UNKNOWN"),
        ],
    )
    def test_a_bad_beginning_names_the_field(
        self, world: World, body: dict[str, object], field: str, code: str
    ) -> None:
        answer = visitor(world.app).api("POST", "/registrations", body)

        assert answer.status_code == 400
        assert {one["name"]: one["code"] for one in answer.get_json()["fields"]}[field] == code

    def test_the_resume_code_is_needed_and_right(self, world: World) -> None:
        uscc = another()
        someone = visitor(world.app)
        body = {"uscc": uscc, "name": profile_of(uscc).name}
        first = someone.api("POST", "/registrations", body)
        path = f"/registrations/{first.get_json()['registration_id']}/representative"

        assert first.status_code == 201
        for code in ("", "wrong", "a" * 64):
            answer = someone.api("POST", path, {"resume_code": code} | rep_of(uscc))
            assert answer.status_code in {400, 401}

    def test_steps_cannot_be_skipped(self, world: World) -> None:
        uscc = another()
        someone = visitor(world.app)
        body = {"uscc": uscc, "name": profile_of(uscc).name}
        begun_at = someone.api("POST", "/registrations", body).get_json()
        path = f"/registrations/{begun_at['registration_id']}/account"

        answer = someone.api(
            "POST", path, {"resume_code": begun_at["resume_code"], "password": PASSWORD}
        )

        assert (answer.status_code, answer.get_json()["code"]) == (409, "InvalidState")
