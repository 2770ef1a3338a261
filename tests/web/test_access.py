"""Who may call what, and that somebody else's object is exactly one that does not exist."""

import re
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.web.calling import ROLES_OF, Operation, contents, operations, path_of, send, valid_body
from tests.web.city import City
from tests.web.walking import UNSAFE
from yidaitong.jobs import ledger
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.ids import uuid7
from yidaitong.web.views import PUBLIC, realm_of_path

pytestmark = [pytest.mark.xdist_group("city"), pytest.mark.promise("T5")]
MATRIX: Final = Path(__file__).with_name("access_matrix.txt")
ALL: Final = UNSAFE | {"GET"}
# Words of addresses that name nobody's object.
WORDS: Final[Mapping[str, Any]] = {
    "board_id": "C01",
    "filename": "favicon.svg",
    "group": "asked",
    "index": 0,
    "kind": "GRANT",
    "metric_id": "M05",
    "name": "en",
    "path": "x",
    "product_id": "TAX-CREDIT",
    "resource": "SAMR.REG",
}
# Arguments that name an object of one enterprise or bank; of officials only where it is theirs.
OBJECTS: Final = frozenset(
    {
        "access_id", "application_id", "chain_id", "client_id", "endpoint_id", "entry_id",
        "invitation_id", "key_id", "loan_id", "mandate_id", "notice_id", "offer_id", "packet_id",
        "pull_id", "request_id", "version_id",
    }
)  # fmt: skip
# Objects of the centre, of oneself, or opened by a code: nobody owns them against the caller.
OTHERS: Final = frozenset(
    {
        "enterprise_id", "job_id", "order_id", "registration_id", "session_id", "statement_id",
        "target_id",
    }
)  # fmt: skip
# What is looked at before the object: whether these are three parts signed by anybody, whether the
# caller is a representative at all, whether the portal holds a key of the bank.
EARLIER: Final = {
    "bank.sign_notice": 409,
    "bank_api.acknowledge_packet": 400,
    "enterprise_api.api_keep_consent": 403,
    "enterprise.keep_authorization": 403,
}
_TRACE: Final = re.compile(r"\b[0-9a-f]{32}\b")
_CSRF: Final = re.compile(r'value="[A-Za-z0-9._-]{60,}"')
# What says when, not what.
_TIMED: Final = frozenset({"Date", "Set-Cookie", "X-Request-Id"})


@dataclass(frozen=True)
class Shown:
    """An answer without what differs from call to call."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


def shown(answer: TestResponse, ids: Mapping[str, Any]) -> Shown:
    body = _CSRF.sub("value=…", _TRACE.sub("…", answer.text))
    headers = {name: value for name, value in answer.headers.items() if name not in _TIMED}
    for value in ids.values():
        said = str(value) if isinstance(value, UUID) else f"/{value}"
        body = body.replace(said, "…")
        headers = {name: one.replace(said, "…") for name, one in headers.items()}
    headers.pop("Content-Length", None)
    return Shown(answer.status_code, tuple(sorted(headers.items())), body)


def unknown(ids: Mapping[str, Any]) -> dict[str, Any]:
    """The same names with ids of nothing."""
    return {name: _nothing(name) for name in ids}


def owned(operation: Operation) -> bool:
    return bool(operation.rule.arguments & OBJECTS)


def words_of(operation: Operation) -> dict[str, Any]:
    found = dict(WORDS)
    if operation.endpoint == "gov.propose_order":
        found["kind"] = "SUSPEND"
    if "receipts" in operation.rule.rule:
        found["name"] = "GRANT"
    return found


def ids_of(operation: Operation, things: Mapping[str, Any]) -> dict[str, Any]:
    """The object ids an address needs; a test fails on an argument nobody has named."""
    named = operation.rule.arguments - WORDS.keys()
    strange = named - OBJECTS - OTHERS
    assert not strange, f"{operation.name}: say in tests/web/test_access.py whose {strange} is"
    return {name: things.get(name, _nothing(name)) for name in named}


def _nothing(name: str) -> Any:
    return 2**40 if name == "entry_id" else uuid7()


def line_of(operation: Operation) -> str:
    allowed = [name for name in ROLES_OF if operation.may(name)]
    people = "everybody" if len(allowed) == len(ROLES_OF) else " ".join(allowed)
    return f"{operation.name} {operation.permission}: {people}"


def call(
    city: City, person: str, operation: Operation, ids: Mapping[str, Any]
) -> tuple[TestResponse, Shown]:
    path = path_of(city.app, operation, words_of(operation) | dict(ids))
    answer = send(city, person, operation, path, valid_body(operation))
    return answer, shown(answer, ids)


def refused_with(city: City, person: str, operation: Operation) -> int:
    """What whoever may not is told; the banks' API hears nobody without a key of a bank."""
    unheard = realm_of_path(operation.rule.rule) is Realm.BANK and not city.people[person].signer
    if person == "nobody" or (operation.is_api and unheard):
        return 401 if operation.is_api else 303
    return 403


def tenant(operation: Operation) -> bool:
    realm = realm_of_path(operation.rule.rule)
    return realm is not None and realm.value in {"enterprise", "bank"}


def sides(city: City, operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ids of somebody else, and ids of nobody."""
    foreign = ids_of(operation, city.foreign)
    return foreign, unknown(foreign)


class TestMatrix:
    def test_every_route_has_its_line(self, city: City) -> None:
        written = MATRIX.read_text(encoding="utf-8").splitlines()

        made = [line_of(one) for one in operations(city.app, ALL)]

        assert made == written, "who may call a route changed: look, then write the line down"

    def test_whoever_may_not_is_refused_alike_whatever_it_is_about(self, city: City) -> None:
        wrong = []
        for person in ROLES_OF:
            for one in operations(city.app, ALL):
                if one.may(person) or not one.rule.arguments:
                    continue
                wanted = refused_with(city, person, one)
                answers = [
                    call(city, person, one, ids_of(one, things))[1]
                    for things in (city.own, city.foreign, {})
                ]
                if len(set(answers)) != 1 or answers[0].status != wanted:
                    wrong.append((person, one.name, [a.status for a in answers]))

        assert wrong == [], "\n".join(map(str, wrong))

    def test_foreign_is_unknown_to_whoever_may(self, city: City) -> None:
        before = contents(city.runtime)
        wrong, seen = [], 0
        for person in ROLES_OF:
            for one in operations(city.app, ALL):
                if not (one.may(person) and owned(one) and tenant(one)):
                    continue
                theirs, nobodys = (call(city, person, one, ids)[1] for ids in sides(city, one))
                seen += 1
                if theirs != nobodys or theirs.status not in {404, EARLIER.get(one.endpoint)}:
                    wrong.append((person, one.name, theirs.status, nobodys.status))

        assert wrong == [], "\n".join(map(str, wrong))
        assert seen > 150
        assert contents(city.runtime) == before

    def test_officials_too_find_nothing_where_nothing_is(self, city: City) -> None:
        wrong = []
        for person in ROLES_OF:
            for one in operations(city.app, ALL):
                if not one.may(person) or one.permission == PUBLIC or tenant(one):
                    continue
                if one.rule.arguments & (OBJECTS | OTHERS):
                    answer, _ = call(city, person, one, unknown(ids_of(one, city.own)))
                    if answer.status_code not in {404, 409}:
                        wrong.append((person, one.name, answer.status_code))

        assert wrong == [], "\n".join(map(str, wrong))

    def test_their_own_is_shown(self, city: City) -> None:
        # A log nobody reads for half a minute stops whatever releases.
        ledger.step(city.runtime)
        wrong = []
        for person in ("rep", "agent", "qilu.maker", "qilu.checker", "gov.auditor"):
            for one in operations(city.app, frozenset({"GET"})):
                if not (one.may(person) and owned(one)) or one.rule.arguments & {"kind", "name"}:
                    continue
                if one.endpoint == "enterprise.revoked":
                    continue  # There once something was revoked.
                answer, _ = call(city, person, one, ids_of(one, city.own))
                if answer.status_code >= 400:
                    wrong.append((person, one.name, answer.status_code))

        assert wrong == [], "\n".join(map(str, wrong))


def timed(city: City, person: str, operation: Operation, ids: Mapping[str, Any]) -> float:
    """Seconds of one call; the address and headers are made before."""
    path = path_of(city.app, operation, words_of(operation) | dict(ids))
    somebody = city.people[person]
    client, headers = somebody.client, {}
    if operation.is_api:
        bearer = {"Authorization": f"Bearer {somebody.token}"}
        headers = somebody.signed("GET", path, b"", bearer)
    began = time.perf_counter()
    answer = client.get(path, headers=headers, buffered=True)
    took = time.perf_counter() - began
    assert answer.status_code == 404
    return took


def looked_up(city: City) -> Iterator[tuple[str, Operation]]:
    """Each way to look an object up, by one person who may."""
    for person in ("rep", "qilu.maker"):
        for one in operations(city.app, frozenset({"GET"})):
            if one.may(person) and owned(one) and tenant(one):
                yield person, one


def gap(city: City, person: str, operation: Operation, calls: int) -> float:
    """By how much the medians of somebody else's and of nobody's objects differ."""
    theirs, nobodys = sides(city, operation)
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 * calls):
        which = (turn + turn // 2) % 2  # Neither is always first of its pair.
        took[which].append(timed(city, person, operation, (theirs, nobodys)[which]))
    medians = sorted(statistics.median(one) for one in took)
    return medians[1] / medians[0] - 1


class TestTiming:
    def test_a_few_calls_show_no_gross_difference(self, city: City) -> None:
        found = {
            f"{person} {one.name}": gap(city, person, one, 15) for person, one in looked_up(city)
        }

        assert len(found) > 30
        # So few calls on a busy machine show only what is grossly different, and only on the whole.
        assert statistics.median(found.values()) < 0.25, found

    @pytest.mark.nightly
    @pytest.mark.timeout(7200)
    def test_medians_of_2000_calls_are_within_ten_in_a_hundred(self, city: City) -> None:
        found = {}
        for person, one in looked_up(city):
            for somebody in ("rep", "qilu.maker"):
                # Whoever is asked about last has been idle longer than a session lives.
                assert city.people[somebody].client.get("/account").status_code == 200
            found[f"{person} {one.name}"] = gap(city, person, one, 2000)
            if found[f"{person} {one.name}"] > 0.10:
                # A machine that was busy with something else does not answer so twice.
                found[f"{person} {one.name}"] = gap(city, person, one, 2000)
            print(f"{found[f'{person} {one.name}']:.3f} {person} {one.name}")  # noqa: T201 - a report

        assert {name: one for name, one in found.items() if one > 0.10} == {}
