"""All jobs on one page. Each may run twice and says why that is safe."""

from datetime import timedelta
from uuid import UUID

from yidaitong.authorizations import stopping as authorizations
from yidaitong.jobs.registry import job, tasks
from yidaitong.kernel.actor import SYSTEM
from yidaitong.packets import lapsing, releasing, sealing, withdrawing
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
    return None if sealed else timedelta(seconds=0.5)


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
