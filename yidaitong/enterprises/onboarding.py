"""Registration from end to end: short transactions with a network call between them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from yidaitong.enterprises import registration, representative
from yidaitong.enterprises.commands import BeginRegistration, Ticket
from yidaitong.enterprises.errors import RegistryUnavailableError, VerifierUnavailableError
from yidaitong.enterprises.identity import Identity, RepresentativeVerifier
from yidaitong.enterprises.lifecycle import EnterpriseState
from yidaitong.enterprises.queries import Progress, progress_of
from yidaitong.enterprises.registry import BusinessRegistry
from yidaitong.kernel.actor import Actor
from yidaitong.kernel.codes import uscc_problem
from yidaitong.kernel.errors import InvalidRequestError
from yidaitong.kernel.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Onboarding:
    """What a face needs to register an enterprise; ``transaction`` opens a unit of work."""

    transaction: Callable[[Actor], AbstractContextManager[UnitOfWork]]
    registry: BusinessRegistry
    verifier: RepresentativeVerifier

    def begin(self, actor: Actor, command: BeginRegistration) -> tuple[Ticket, Progress]:
        """Check the code, then the registry; if that is away, the registration waits at CODE_OK.

        Raises:
            AlreadyRegisteredError: the code belongs to a registered enterprise.
            InvalidRequestError: a check digit is wrong; the attempt is on record.
        """
        with self.transaction(actor) as uow:
            enterprise, ticket = registration.begin(uow, command)
            state = enterprise.state
        if state is EnterpriseState.CODE_BAD:
            raise InvalidRequestError("uscc", fields={"uscc": uscc_problem(command.uscc)})
        try:
            return ticket, self.match(actor, ticket)
        except RegistryUnavailableError:
            return ticket, self.progress(actor, ticket)

    def progress(self, actor: Actor, ticket: Ticket) -> Progress:
        """Where a registration stands.

        Raises:
            RegistrationClosedError: it is not the holder's, or it is over.
        """
        with self.transaction(actor) as uow:
            scoped, enterprise = registration.resume(uow, ticket)
            return progress_of(scoped, enterprise)

    def match(self, actor: Actor, ticket: Ticket) -> Progress:
        """Compare with the business registry.

        Raises:
            RegistryUnavailableError: it gave no usable answer; nothing changed.
        """
        with self.transaction(actor) as uow:
            question = registration.ask_registry(uow, ticket)
        record = self.registry.look_up(question)
        with self.transaction(actor) as uow:
            registration.record_registry(uow, ticket, record)
        return self.progress(actor, ticket)

    def rename(self, actor: Actor, ticket: Ticket, name: str) -> Progress:
        """Correct a misspelt name and compare again."""
        with self.transaction(actor) as uow:
            registration.correct_name(uow, ticket, name)
        return self.match(actor, ticket)

    def verify(self, actor: Actor, ticket: Ticket, identity: Identity) -> Progress:
        """Verify the legal representative with the provider.

        Raises:
            VerificationLockedError: no try is left today.
            VerifierUnavailableError: the provider gave no usable answer; the try is not counted.
        """
        with self.transaction(actor) as uow:
            question = representative.ask(uow, ticket, identity)
        try:
            outcome = question.refused or self.verifier.verify(identity)
        except VerifierUnavailableError:
            with self.transaction(actor) as uow:
                representative.give_up(uow, ticket, identity)
            raise
        with self.transaction(actor) as uow:
            representative.record(uow, ticket, identity, outcome)
        return self.progress(actor, ticket)
