"""Guards of the rules every act keeps, and of who grants, widens and stops."""

from typing import Final

from tests.mutants.mutant import Mutant

CHAINS: Final = "consent/chains.py"
GRANTS: Final = "consent/grants.py"
STOPS: Final = "consent/stops.py"
LIFECYCLE: Final = "consent/lifecycle.py"
EVIDENCE: Final = "consent/evidence.py"
_GRANTS = "tests/consent/test_grants.py"
_STOPS = "tests/consent/test_stops.py"

# One clock, state computed under the lock, one transaction, terminal states never left.
RULES: Final = (
    Mutant(
        "no lock on the consent",
        CHAINS,
        "        .with_for_update()\n",
        "",
        "tests/consent/test_races.py",
    ),
    Mutant(
        "the clock is read before the lock",
        CHAINS,
        "    row = desk.session.execute(statement).scalar_one_or_none()\n"
        "    if row is None:\n"
        '        raise errors.NotFoundError(f"chain {chain_id}")\n'
        "    mark_locked(desk, chain_id)\n"
        "    at = desk.clock()\n",
        "    at = desk.clock()\n"
        "    row = desk.session.execute(statement).scalar_one_or_none()\n"
        "    if row is None:\n"
        '        raise errors.NotFoundError(f"chain {chain_id}")\n'
        "    mark_locked(desk, chain_id)\n",
        "tests/consent/test_clock.py",
    ),
    Mutant(
        "what the clock did is not recorded",
        CHAINS,
        "    _record_due(desk, row, at)\n    return",
        "    return",
        _STOPS,
    ),
    Mutant(
        "the recorded state counts, not the computed one",
        CHAINS,
        "    _record_due(desk, row, at)\n    return LiveChain(row, state_at(row.facts, at), at)",
        "    return LiveChain(row, row.state, at)",
        "tests/consent/test_clock.py",
    ),
    Mutant(
        "the end still belongs to the life",
        LIFECYCLE,
        "    if at >= facts.ends_at:",
        "    if at > facts.ends_at:",
        "tests/consent/test_clock.py",
    ),
    Mutant(
        "a recorded end may un-happen",
        LIFECYCLE,
        "    if facts.recorded in TERMINAL:\n        return facts.recorded\n",
        "",
        "tests/consent/test_lifecycle.py",
    ),
    Mutant(
        "an edge leaves a terminal state",
        LIFECYCLE,
        "    (_C.PAUSED, _E.CONSENT_RESUMED): frozenset({_C.ACTIVE}),\n",
        "    (_C.PAUSED, _E.CONSENT_RESUMED): frozenset({_C.ACTIVE}),\n"
        "    (_C.EXPIRED, _E.CONSENT_RESUMED): frozenset({_C.ACTIVE}),\n",
        "tests/consent/test_lifecycle.py",
    ),
    Mutant(
        "an edge is taken that the table has not",
        CHAINS,
        "    if step.after not in CONSENT_LIFECYCLE.get((row.state, step.event), frozenset()):",
        "    if False:",
        "tests/consent/test_pairs.py",
    ),
    Mutant(
        "somebody else's consent is found",
        CHAINS,
        "    return _lock(desk, chain_id, visible(desk))",
        "    return _lock(desk, chain_id, [])",
        _STOPS,
    ),
    Mutant(
        "an edge does not change the epoch",
        CHAINS,
        "    row.epoch += 1\n",
        "",
        _STOPS,
    ),
    Mutant(
        "an edge without its leaf",
        CHAINS,
        "    return record(desk, _event(row, step, before), at)",
        "    return Recorded(event_id=row.id, entry_id=0, at=at)",
        _STOPS,
    ),
    Mutant(
        "an event is written without the lock of its consent",
        EVIDENCE,
        "    if event.chain_id is not None and not is_locked(desk, event.chain_id):",
        "    if False:",
        "tests/consent/test_evidence.py",
    ),
    Mutant(
        "the same edge is recorded twice",
        EVIDENCE,
        "    if not submitted.created:",
        "    if False:",
        "tests/consent/test_evidence.py",
    ),
    Mutant(
        "an event carries members its type has not",
        EVIDENCE,
        "    if unknown:",
        "    if False:",
        "tests/consent/test_evidence.py",
    ),
)

# Who grants, widens and stops.
SIGNING: Final = (
    Mutant(
        "the digest is not compared",
        GRANTS,
        "    if not hmac.compare_digest(request.digest.encode(), signing.digest.encode()):",
        "    if False:",
        _GRANTS,
    ),
    Mutant(
        "one person signs twice",
        GRANTS,
        "    if any(signature.person_id == person_id for signature in earlier):",
        "    if False:",
        _GRANTS,
    ),
    Mutant(
        "identity is not proved afresh",
        GRANTS,
        '    if desk.actor.auth_level != "STEP_UP":',
        "    if False:",
        _GRANTS,
    ),
    Mutant(
        "anybody of the firm signs",
        GRANTS,
        "    found = [one for one in artefact.mandate.eligible if one.person_id == str(person_id)]",
        "    found = list(artefact.mandate.eligible)",
        _GRANTS,
    ),
    Mutant(
        "earlier signatories are not looked at again",
        GRANTS,
        "    if not all(signing.standing(signature.person_id) for signature in earlier):",
        "    if False:",
        _GRANTS,
    ),
    Mutant(
        "one signature fewer is enough",
        GRANTS,
        "    if len(earlier) + 1 < request.m:",
        "    if len(earlier) + 2 < request.m:",
        _GRANTS,
    ),
    Mutant(
        "a late signature grants",
        GRANTS,
        "    check_open(request, at)\n",
        "",
        _GRANTS,
    ),
    Mutant(
        "granting asks for no evidence",
        GRANTS,
        "    desk.evidence_ready()\n",
        "",
        _GRANTS,
    ),
    Mutant(
        "resuming needs no proof of identity",
        STOPS,
        "    if desk.actor.auth_level != _STEP_UP:",
        "    if False:",
        _STOPS,
    ),
    Mutant(
        "anybody resumes what another paused",
        STOPS,
        "    if row.m > 1 and row.paused_by != desk.actor.person_id:",
        "    if False:",
        _STOPS,
    ),
    Mutant(
        "resuming asks for no evidence",
        STOPS,
        "    desk.evidence_ready()\n",
        "",
        "tests/consent/test_widening.py",
    ),
    Mutant(
        "the personal consent outlives the firm's",
        STOPS,
        '        companions=tuple(end_companions(desk, live.row, "PARENT_REVOKED")),\n',
        "",
        _STOPS,
    ),
)
