"""From signed answers of the departments to an evaluation, through the real packets."""

from uuid import uuid4

from tests.lending.builders import PRODUCT, a_version
from tests.packets.builders import Story, a_story
from yidaitong.authorizations import stopping
from yidaitong.authorizations.commands import Revoke
from yidaitong.kernel.actor import SYSTEM
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.lending import evaluations, screening
from yidaitong.lending.lifecycle import ApplicationState
from yidaitong.lending.models import Application
from yidaitong.packets.queries import contents_of_application
from yidaitong.products.models import Product
from yidaitong.runtime import Runtime


def an_application(uow: UnitOfWork, story: Story, application_id: object) -> None:
    uow.session.add(Product(id=PRODUCT, bank_id=story.bank_id, created_at=uow.now))
    uow.session.flush()
    uow.session.add(a_version(uow, story.bank_id))
    uow.session.add(
        Application(
            id=application_id,  # type: ignore[arg-type]  # an id
            enterprise_id=story.case.firm.enterprise_id,
            bank_id=story.bank_id,
            product_id=PRODUCT,
            product_version=1,
            state=ApplicationState.SUBMITTED,
            amount_fen=100_000_000,
            term_months=12,
            applicant_name="示例",
            created_at=uow.now,
            submitted_at=uow.now,
        )
    )


class TestEvaluate:
    def test_reads_what_the_packet_says(self, runtime: Runtime) -> None:
        application_id = uuid4()
        story = a_story(runtime, application_id=application_id)
        with runtime.transaction(SYSTEM) as uow:
            an_application(uow, story, application_id)
        pull_id = story.collect()
        with runtime.transaction(SYSTEM) as uow:
            assert screening.evaluate(uow, application_id) is None
        story.release(pull_id)

        with runtime.transaction(SYSTEM) as uow:
            found = screening.evaluate(uow, application_id)
            content = contents_of_application(uow, application_id)[0]

            assert found is not None
            assert found.packets == [content.packet_sha256]
            trace = evaluations.trace_of(uow, found)
            assert trace is not None
            values = {rule["item"]: rule["v"] for rule in trace["rules"]}
            assert values["tax.paid_12m_fen"] == content.derived["tax.paid_12m_fen"].value
            # Not consented to, so not pulled: a person looks.
            assert "A5" in found.reasons
            assert found.result != "PASS"

    def test_a_withdrawn_consent_leaves_nothing_to_evaluate(self, runtime: Runtime) -> None:
        application_id = uuid4()
        story = a_story(runtime, application_id=application_id)
        with runtime.transaction(SYSTEM) as uow:
            an_application(uow, story, application_id)
        story.release(story.collect())
        with runtime.transaction(story.case.firm.rep) as uow:
            stopping.revoke(uow, Revoke(chain_id=story.case.chain_id))

        with runtime.transaction(SYSTEM) as uow:
            assert screening.evaluate(uow, application_id) is None
