"""Nothing of an answer rests in the clear, and a personal packet stays apart."""

import base64
import json
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, text

from consent.encoding import b64u_decode
from tests.authorizations import builders
from tests.authorizations.builders import OFFER, a_banker
from tests.packets.builders import Story, a_story
from tests.pulls.builders import Case
from yidaitong.authorizations.queries import chains_of_application
from yidaitong.departments.wire import Envelope, Order
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.ids import uuid7
from yidaitong.packets import queries
from yidaitong.packets.verify import verify
from yidaitong.runtime import Runtime

CANARY = "73516.99"
_TABLES = text("""
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
""")


def planted(_order: Order, envelope: Envelope) -> Envelope:
    """The department says an amount that stands nowhere else."""
    if envelope.resource != "TAX.PAY":
        return envelope
    rows = [dict(row) for row in envelope.items["paid"]]  # type: ignore[attr-defined]
    rows[0]["amount_fen"] = CANARY
    return replace(envelope, items={"paid": rows})


def spellings(value: str) -> list[str]:
    """As text, in hexadecimal, and inside base64 at each of its three offsets."""
    raw = value.encode()
    found = [value, raw.hex()]
    for pad in range(3):
        inner = base64.urlsafe_b64encode(b"x" * pad + raw + b"xx").decode()
        found += [inner[4:12], inner[4:12].encode().hex()]
    return found


def rows_with(runtime: Runtime, values: list[str]) -> list[str]:
    """Tables that show an administrator one of ``values``; binary columns as hexadecimal.

    One more holds the first value on purpose: a search that finds nothing proves nothing.
    """
    engine = create_engine(runtime.settings.owner_database_url)
    try:
        with engine.connect() as connection:
            bait = text("CREATE TEMP TABLE bait AS SELECT CAST(:value AS text) AS value")
            connection.execute(bait, {"value": values[0]})
            return _found(connection, values)
    finally:
        engine.dispose()


def _found(connection: Connection, values: list[str]) -> list[str]:
    found = []
    for table in list(connection.execute(_TABLES).scalars()):
        query = f"SELECT 1 FROM {table} AS t WHERE t::text LIKE ANY (:values) LIMIT 1"  # noqa: S608
        patterns = [f"%{value}%" for value in values]
        if connection.execute(text(query), {"values": patterns}).scalar_one_or_none():
            found.append(table.rpartition(".")[2])
    return found


class TestAtRest:
    @pytest.mark.promise("T31")
    @pytest.mark.promise("I12")
    def test_a_planted_amount_is_in_no_table(self, runtime: Runtime) -> None:
        story = a_story(runtime)
        sealed = story.fetch(story.sealed(planted))
        report = verify(sealed.jwe, story.trust())
        assert report.packet is not None
        assert CANARY in json.dumps(report.packet.body)  # It did travel.

        assert rows_with(runtime, spellings(CANARY)) == ["bait"]

    def test_only_ciphertext_of_the_delivery_is_kept(self, runtime: Runtime) -> None:
        story = a_story(runtime)
        end = story.fetch(story.sealed()).jwe[-60:]

        assert rows_with(runtime, [end, end.encode().hex()]) == ["bait"]


class TestPersonal:
    def test_the_representatives_packet_is_of_their_own_consent(self, runtime: Runtime) -> None:
        application_id = uuid7()
        story = a_personal_story(runtime, application_id)
        sealed = story.fetch(story.sealed())
        report = verify(sealed.jwe, story.trust())

        assert report.ok, report.checks
        assert report.packet is not None
        assert report.packet.body["subject"]["kind"] == "PERSON"
        names = [one["name"] for one in report.packet.body["derived"]]
        assert names == ["reg.legal_rep_age"]
        assert report.packet.body["derived"][0]["why"] is None
        with runtime.transaction(SYSTEM) as uow:
            (content,) = queries.contents_of_application(uow, application_id)
            assert content.personal

    @pytest.mark.promise("T1")
    def test_the_number_behind_the_age_reaches_us_and_goes_no_further(
        self, runtime: Runtime
    ) -> None:
        story = a_personal_story(runtime, uuid7())
        heard: list[object] = []

        def listen(_order: Order, envelope: Envelope) -> Envelope:
            heard.append(envelope.items.get("rep_id_masked"))
            return envelope

        sealed = story.fetch(story.sealed(listen))

        packet = verify(sealed.jwe, story.trust()).packet
        assert packet is not None
        (evidence,) = json.loads(packet.plaintext)["evidence"]
        assert evidence["kind"] == "sd-jwt"
        assert len(heard) == 1
        number = str(heard[0])
        assert number[4:14] == "*" * 10
        shown = [b64u_decode(one).decode() for one in evidence["answer"].split("~")[1:-1]]
        assert [json.loads(one)[1] for one in shown] == ["rep_age"]
        assert number not in packet.plaintext.decode() + "".join(shown)
        assert rows_with(runtime, [number, number.encode().hex()]) == ["bait"]

    @pytest.mark.promise("T5")
    def test_colleagues_of_the_representative_do_not_see_it(self, runtime: Runtime) -> None:
        application_id = uuid7()
        story = a_personal_story(runtime, application_id)
        story.sealed()

        seen = {}
        for name, actor in (("own", story.case.firm.rep), ("other", story.case.firm.colleague())):
            with runtime.transaction(actor) as uow:
                seen[name] = len(queries.packets_of_application(uow, application_id))
        assert seen == {"own": 1, "other": 0}


def a_personal_story(runtime: Runtime, application_id: UUID) -> Story:
    """Both consents given; the story goes on with the representative's own."""
    story = a_story(runtime, replace(OFFER, items=frozenset({"tax.rating"})))
    with runtime.transaction(SYSTEM) as uow:
        firm = story.case.firm
        offer = replace(OFFER, product_id="OTHER")
        asked = builders.ask(uow, firm, offer, application_id)
        builders.sign(uow, firm, asked.request_id, asked.digest)
        assert asked.companion_id is not None
        assert asked.companion_digest is not None
        own = builders.sign(uow, firm, asked.companion_id, asked.companion_digest)
        uow.acting(SYSTEM)
        found = chains_of_application(uow, application_id)
        assert [one.personal for one in found] == [False, True]
    case = Case(firm=firm, chain_id=own.chain_id, digest=asked.companion_digest, banker=a_banker())
    return replace(story, case=case)
