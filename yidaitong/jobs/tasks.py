"""All jobs on one page. Each may run twice and says why that is safe."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from yidaitong.authorizations import amending, mandates, receipts, representation, revisions
from yidaitong.authorizations import stopping as authorizations
from yidaitong.authorizations.keks import FORGET, REWRAP
from yidaitong.banks import messages
from yidaitong.departments import breakers, incidents
from yidaitong.enterprises import watching
from yidaitong.enterprises.errors import RegistryUnavailableError
from yidaitong.jobs import keks, outbox
from yidaitong.jobs.dying import die_at
from yidaitong.jobs.fanning import fan_out
from yidaitong.jobs.registry import job, tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.lending import offering, retiring, screening
from yidaitong.notices import escalating, sending, telling
from yidaitong.notices.delivering import Delivery
from yidaitong.oversight import rollups
from yidaitong.packets import amending as packet_amending
from yidaitong.packets import (
    forgetting,
    lapsing,
    reconciling,
    releasing,
    rotating,
    sealing,
    withdrawing,
)
from yidaitong.pulls import closing, dispatching, holding, recording, scoping, stopping
from yidaitong.pulls import lapsing as overdue
from yidaitong.runtime import Runtime


def load() -> None:
    """Importing this module registered every job; says so loudly if it did not."""
    if not tasks():
        raise RuntimeError("no jobs are registered")


@job("consents.tick", every=5)
def record_due_consents(rt: Runtime) -> None:
    """Record what the clock did. Safe to repeat: an edge that is recorded is not due again."""
    with rt.transaction(SYSTEM) as uow:
        authorizations.record_due(uow)


@job("pulls.run")
def run_pull(rt: Runtime, *, pull_id: str) -> timedelta | None:
    """Ask every department of one pull. Safe to repeat: a closed line is not claimed again."""
    with rt.transaction(SYSTEM) as uow:
        lines = dispatching.open_lines(uow, UUID(pull_id))
    failures = fan_out(partial(_ask, rt), lines)
    with rt.transaction(SYSTEM) as uow:
        pause = closing.close(uow, UUID(pull_id))
    if failures:
        raise failures[0]
    return pause


def _ask(rt: Runtime, line_id: UUID) -> None:
    with rt.transaction(SYSTEM) as uow:
        order = dispatching.claim(uow, line_id, rt.retries)
    if order is None:
        return
    die_at(rt, "after_claim")
    fetched = rt.gateway.fetch(order)  # No transaction is open while we wait.
    die_at(rt, "after_reply")
    with rt.transaction(SYSTEM) as uow:
        recording.record(uow, order, fetched)
        breakers.report(uow, order.department, fetched.problem)
        incidents.note(uow, order, fetched)
    die_at(rt, "after_record")


@job("pulls.hold")
def hold_pulls(rt: Runtime, *, chain_id: str) -> None:
    """Hold what is in flight, or let it go on. Safe to repeat: it follows the consent's state."""
    with rt.transaction(SYSTEM) as uow:
        holding.hold(uow, UUID(chain_id))


@job("pulls.stop")
def stop_pulls(rt: Runtime, *, chain_id: str) -> timedelta | None:
    """Cancel what is in flight. Safe to repeat: what is cancelled stays so."""
    with rt.transaction(SYSTEM) as uow:
        return stopping.stop(uow, UUID(chain_id))


@job("pulls.amend")
def amend_pulls(rt: Runtime, *, chain_id: str) -> None:
    """Drop what an amendment excludes. Safe to repeat: what fell out stays out."""
    with rt.transaction(SYSTEM) as uow:
        scoping.amend(uow, UUID(chain_id))


@job("packets.amend")
def withdraw_outside_packets(rt: Runtime, *, chain_id: str) -> None:
    """Withdraw packets an amendment excludes. Safe to repeat: what is withdrawn stays so."""
    with rt.transaction(SYSTEM) as uow:
        packet_amending.withdraw_outside(uow, UUID(chain_id))


@job("mandates.tick", every=60)
def expire_mandates(rt: Runtime) -> None:
    """Record mandates whose term is over. Safe to repeat: each expires once."""
    with rt.transaction(SYSTEM) as uow:
        mandates.tick(uow)


@job("consents.remind", every=3600)
def remind_of_renewals(rt: Runtime) -> None:
    """Note consents that end soon, and let those wait whose text had to be agreed to anew.

    Safe to repeat: each is noted once, and waits once.
    """
    with rt.transaction(SYSTEM) as uow:
        amending.offer_renewals(uow)
        revisions.suspend_overdue(uow)


@job("enterprises.watch", every=60)
def watch_registry(rt: Runtime) -> None:
    """Ask the registry about a few enterprises. Safe to repeat: an answer changes things once."""
    with rt.transaction(SYSTEM) as uow:
        questions = watching.due(uow, rt.settings.watch_batch)
    for question in questions:
        try:
            record = rt.gateway.look_up(question)  # No transaction is open while we wait.
        except RegistryUnavailableError:
            continue
        with rt.transaction(SYSTEM) as uow:
            representation.registry_says(uow, question.enterprise_id, record)


@job("pulls.tick", every=30)
def fail_overdue_pulls(rt: Runtime) -> None:
    """Fail pulls whose time is over. Safe to repeat: each fails once."""
    with rt.transaction(SYSTEM) as uow:
        late = overdue.overdue(uow)
    for pull_id in late:
        with rt.transaction(SYSTEM) as uow:
            overdue.fail_overdue(uow, pull_id)


@job("outbox.prune", every=3600)
def prune_outbox(rt: Runtime) -> None:
    """Forget promises that were kept long ago. Safe to repeat: gone is gone."""
    outbox.prune(rt)


@job("packets.release")
def release_packet(rt: Runtime, *, pull_id: str) -> None:
    """Release what a pull brought. Safe to repeat: one pull has one packet."""
    with rt.transaction(SYSTEM) as uow:
        releasing.release(uow, UUID(pull_id))


@job("packets.seal")
def seal_packet(rt: Runtime, *, packet_id: str) -> timedelta | None:
    """Seal a packet once its proof is out. Safe to repeat: a sealed one is not sealed again."""
    with rt.transaction(SYSTEM) as uow:
        sealed = sealing.seal(uow, UUID(packet_id))
    return None if sealed else timedelta(seconds=0.1)


@job("packets.withdraw")
def withdraw_packets(rt: Runtime, *, chain_id: str) -> None:
    """Withdraw what nobody fetched. Safe to repeat: what is withdrawn stays so."""
    with rt.transaction(SYSTEM) as uow:
        withdrawing.withdraw(uow, UUID(chain_id))


@job("packets.lapse", every=60)
def lapse_packets(rt: Runtime) -> None:
    """Record what the clock did to packets. Safe to repeat: each edge is taken once."""
    with rt.transaction(SYSTEM) as uow:
        lapsing.lapse_due(uow)


@job("packets.forget", every=3600)
def forget_contents(rt: Runtime) -> None:
    """Destroy data keys whose term is over. Safe to repeat: a destroyed key stays so."""
    with rt.transaction(SYSTEM) as uow:
        forgetting.forget_due(uow)


@job("applications.pull")
def pull_for_application(rt: Runtime, *, application_id: str) -> None:
    """Begin the pulls of an application. Safe to repeat: one consent has one pull of this key."""
    with rt.transaction(SYSTEM) as uow:
        screening.start_pulls(uow, UUID(application_id))


@job("applications.evaluate")
def evaluate_application(rt: Runtime, *, application_id: str) -> None:
    """Run the bank's policy. Safe to repeat: the same packets are evaluated once."""
    with rt.transaction(SYSTEM) as uow:
        screening.evaluate(uow, UUID(application_id))


@job("offers.lapse", every=60)
def lapse_offers(rt: Runtime) -> None:
    """Record offers whose time is over. Safe to repeat: each lapses once."""
    with rt.transaction(SYSTEM) as uow:
        offering.lapse(uow)


@job("notices.send")
def send_notice(rt: Runtime, *, notice_id: str, receiver: str) -> timedelta | None:
    """Hand one notice over. Safe to repeat: it is the same notice, and its leaf stands once."""
    del receiver  # What the courier sorts by.
    with rt.transaction(SYSTEM) as uow:
        delivery = sending.claim(uow, UUID(notice_id))
    if not isinstance(delivery, Delivery):
        return delivery
    delivered = rt.post_office.deliver(delivery)  # No transaction is open while we wait.
    die_at(rt, "after_send")
    with rt.transaction(SYSTEM) as uow:
        return sending.record(uow, delivery, delivered)


@job("notices.tell")
def tell_receipt(rt: Runtime, *, chain_id: str) -> None:
    """List the notices in the receipt. Safe to repeat: the same list is not issued again."""
    with rt.transaction(SYSTEM) as uow:
        telling.tell(uow, UUID(chain_id))


@job("notices.escalate", every=60)
def escalate_notices(rt: Runtime) -> None:
    """Show people what nobody took or answered. Safe to repeat: each is escalated once."""
    with rt.transaction(SYSTEM) as uow:
        late = escalating.due(uow)
    for notice_id in late:
        with rt.transaction(SYSTEM) as uow:
            escalating.escalate(uow, notice_id)


@job("receipts.prove", every=30)
def prove_receipts(rt: Runtime) -> None:
    """Issue receipts again with their proof. Safe to repeat: a proved one is not issued again."""
    with rt.transaction(SYSTEM) as uow:
        waiting = receipts.waiting(uow)
    for chain_id in waiting:
        with rt.transaction(SYSTEM) as uow:
            receipts.prove(uow, chain_id)


@job("packets.reconcile", every=86_400)
def reconcile_packets(rt: Runtime) -> None:
    """Compare the books of the last weeks. Safe to repeat: a difference is written down once."""
    after = None
    while True:
        with rt.transaction(SYSTEM) as uow:
            packets = reconciling.due(uow, after)
        for packet_id in packets:
            with rt.transaction(SYSTEM) as uow:
                reconciling.reconcile(uow, packet_id)
        if not packets:
            return
        after = packets[-1]


@job(rollups.JOB, every=3600)
def roll_refusals(rt: Runtime) -> None:
    """Ledger the refusals of hours that are over. Safe to repeat: an hour is taken once."""
    with rt.transaction(SYSTEM) as uow:
        rollups.roll(uow)


@job("nonces.forget", every=3600)
def forget_nonces(rt: Runtime) -> None:
    """Forget nonces nobody can use again. Safe to repeat: what is gone stays so."""
    with rt.transaction(SYSTEM) as uow:
        messages.sweep(uow)


@job("evidence.destroy", every=86_400)
def destroy_evidence(rt: Runtime) -> timedelta | None:
    """Carry out what two persons ordered. Safe to repeat: a destroyed key stays so."""
    with rt.transaction(SYSTEM) as uow:
        destroyed = retiring.destroy_due(uow)
    return timedelta(seconds=1) if destroyed else None


@job("keys.tick", every=3600)
def change_due_keys(rt: Runtime) -> None:
    """Change keys whose time has come. Safe to repeat: a new key is not due again."""
    keks.change_if_due(rt)
    for use, suite in rt.crypto.signing_keys:
        with rt.transaction(SYSTEM) as uow:
            rotating.rotate_if_due(uow, use, suite)


@job(REWRAP, every=3600)
def rewrap_keys(rt: Runtime) -> timedelta | None:
    """Move keys to the active KEK. Safe to repeat: what was moved is not older any more."""
    return keks.run_rewrap(rt)


@job(FORGET)
def forget_kek(rt: Runtime, *, version: str) -> None:
    """Have a destroyed KEK's holder forget it. Safe to repeat: gone is gone."""
    keks.forget(rt, int(version))
