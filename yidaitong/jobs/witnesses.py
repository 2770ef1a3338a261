"""The witnesses of the publishing policy: who they are and how they are reached."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog

from consent.ledger.asking import ASK_SECONDS, Asker, Outcome, WitnessAwayError
from consent.ledger.policy import Policy, read_policy
from yidaitong.departments.addresses import Resolver
from yidaitong.departments.transport import Egress, EgressError
from yidaitong.kernel.settings import Settings

_READ: Final = frozenset({200, 409})  # Lines; the size a witness holds.
_MAX_BYTES: Final = 1 << 17
_HEADERS: Final = {"Content-Type": "text/plain; charset=utf-8"}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Door:
    egress: Egress

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        try:
            reply = self.egress.post(url, body, _HEADERS, seconds=ASK_SECONDS, pool=url)
        except EgressError as error:
            raise WitnessAwayError(error.problem) from error
        return reply.status, reply.body


def publishing_policy(settings: Settings) -> Policy | None:
    """Our own policy file; None where none is configured.

    Raises:
        PolicyError: it cannot be read.
    """
    path = settings.ledger_policy_file
    return None if path is None else read_policy(path.read_bytes())


def asker_of(settings: Settings) -> Asker | None:
    """Speaks to the witnesses of the policy; None where it names no address."""
    policy = publishing_policy(settings)
    if policy is None or not policy.urls:
        return None
    egress = Egress(
        hosts=frozenset(str(urlsplit(url).hostname) for url in policy.urls.values()),
        resolver=Resolver(allow_private=settings.allow_private_addresses),
        max_bytes=_MAX_BYTES,
        worth_reading=_READ,
    )
    return Asker(policy, _Door(egress).post)


def tell(outcome: Outcome) -> None:
    """Say it in the process's log; what contradicts us is an alarm."""
    if outcome.refused or outcome.ahead is not None:
        _log.critical("ledger.witness_contradicts", url=outcome.url, size=outcome.size)
    else:
        _log.warning("ledger.witness_away", url=outcome.url, problem=outcome.problem)
