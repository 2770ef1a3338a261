"""One guard of the consent rules taken out at a time, and the test that must notice.

Each is a change of source that a tired colleague might make: ``old`` stands once in its file.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mutant:
    """What is taken out, where, and who must turn red."""

    name: str
    file: str
    old: str
    new: str
    test: str


CHAINS: Final = "consent/chains.py"
GRANTS: Final = "consent/grants.py"
STOPS: Final = "consent/stops.py"
LIFECYCLE: Final = "consent/lifecycle.py"
EVIDENCE: Final = "consent/evidence.py"
ASK: Final = "yidaitong/pulls/authorising.py"
SLOTS: Final = "yidaitong/pulls/slots.py"
SEND: Final = "yidaitong/pulls/dispatching.py"
TAKE: Final = "yidaitong/pulls/recording.py"
JUDGE: Final = "yidaitong/departments/verifying.py"
RELEASE: Final = "yidaitong/packets/releasing.py"
FETCH: Final = "yidaitong/packets/fetching.py"
ACK: Final = "yidaitong/packets/acking.py"

_GRANTS = "tests/consent/test_grants.py"
_STOPS = "tests/consent/test_stops.py"
_ASK = "tests/pulls/test_authorising.py"
_SEND = "tests/pulls/test_dispatching.py"
_TAKE = "tests/pulls/test_recording.py"
_GATE = "tests/departments/test_gateway.py"
_RELEASE = "tests/packets/test_releasing.py"
_FETCH = "tests/packets/test_fetching.py"
_LIMITS = "tests/packets/test_limits.py"

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

# The bank asks.
C1: Final = (
    Mutant(
        "not only the recipient pulls",
        ASK,
        "    if not is_recipient:",
        "    if False:",
        _ASK,
    ),
    Mutant(
        "the state is not looked at",
        ASK,
        "    live.require_active()\n",
        "",
        _ASK,
    ),
    Mutant(
        "an old digest is taken",
        ASK,
        "    if stale and live.state not in TERMINAL:",
        "    if False:",
        _ASK,
    ),
    Mutant(
        "any purpose will do",
        ASK,
        "    if order.purpose is not None and order.purpose != live.row.purpose:",
        "    if False:",
        _ASK,
    ),
    Mutant(
        "what was not consented to is left out in silence",
        ASK,
        "    if wanted is not None and len(asked) != len(wanted):",
        "    if False:",
        _ASK,
    ),
    Mutant(
        "any dates will do",
        ASK,
        "    if not inside:",
        "    if False:",
        _ASK,
    ),
    Mutant(
        "a source that cannot serve is asked",
        ASK,
        "    if missing:",
        "    if False:",
        _ASK,
    ),
    Mutant(
        "asking needs no evidence",
        ASK,
        "    locked.desk.evidence_ready()\n",
        "",
        "tests/pulls/test_slots.py",
    ),
    Mutant(
        "the key is not looked up again under the lock",
        ASK,
        "    # Whoever held the lock before us may have used the key.\n"
        "    before = known(uow, order)\n",
        "",
        "tests/pulls/test_races.py",
    ),
    Mutant(
        "calls are not counted",
        SLOTS,
        "    full = sorted(resource for resource, ordinal in found.items() if ordinal is None)",
        "    found, full = {one: found[one] or 99 for one in found}, []",
        _ASK,
    ),
    Mutant(
        "calls in all are not counted",
        SLOTS,
        "        if quota is not None and len(self.taken[resource]) >= quota:\n"
        "            return None\n",
        "",
        _LIMITS,
    ),
    Mutant(
        "slots are not numbered within their window",
        SLOTS,
        '                "ordinal": ordinal,',
        '                "ordinal": ordinal + 1000 * len(slots.taken[resource]),',
        _LIMITS,
    ),
    Mutant(
        "a slot has no primary key over window and number",
        "yidaitong/pulls/models.py",
        "    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)",
        "    ordinal: Mapped[int] = mapped_column(SmallInteger)",
        _LIMITS,
    ),
)

# Before each question to a department.
C2: Final = (
    Mutant(
        "a department is asked although the consent is not active",
        SEND,
        "    if case is None or case.locked.live.state is not ConsentState.ACTIVE:",
        "    if case is None:",
        _SEND,
    ),
    Mutant(
        "time, attempts and release permission are not looked at",
        SEND,
        "    if over is not None:",
        "    if False:",
        _SEND,
    ),
    Mutant(
        "two workers ask for one line",
        SEND,
        "    return line.status is LineStatus.PENDING and line.not_before <= at and not leased",
        "    return line.status is LineStatus.PENDING and line.not_before <= at",
        _SEND,
    ),
    Mutant(
        "a resource that was taken out is asked for",
        SEND,
        "    if dataset is None or _dates(case.line, dataset) is None:",
        "    if dataset is None:",
        _SEND,
    ),
    Mutant(
        "days that were taken out are asked for",
        SEND,
        "    from_on = max(line.from_on, dataset.range.from_on)",
        "    from_on = line.from_on",
        _SEND,
    ),
    Mutant(
        "more fields are asked for than consented",
        SEND,
        "        fields=dataset.fields,",
        '        fields=(*dataset.fields, "more"),',
        _LIMITS,
    ),
    Mutant(
        "the consent's filter is not sent along",
        SEND,
        "            if one.resource == line.resource\n",
        "            if False\n",
        _LIMITS,
    ),
    Mutant(
        "dispatch asks for no evidence",
        SEND,
        "    case.locked.desk.evidence_ready()\n",
        "",
        "tests/pulls/test_slots.py",
    ),
)

# On each answer.
C3: Final = (
    Mutant(
        "an older attempt's answer counts",
        TAKE,
        "    mine = line.attempt == order.attempt and line.status is LineStatus.PENDING",
        "    mine = line.status is LineStatus.PENDING",
        _SEND,
    ),
    Mutant(
        "an answer without its lease counts",
        TAKE,
        "    return mine and line.leased_until is not None and line.leased_until >= at",
        "    return mine",
        _SEND,
    ),
    Mutant(
        "an ended consent's answer is read",
        TAKE,
        "    if locked.stopped or pull.state not in COLLECTING:",
        "    if False:",
        _TAKE,
    ),
    Mutant(
        "an answer under a pause is given at once",
        TAKE,
        "    if locked.hold is not None and verdict.status in _KEPT:",
        "    if False:",
        _TAKE,
    ),
    Mutant(
        "a doubtful answer is used",
        TAKE,
        "    trusted = answer is not None and fetched.problem is None and answer.why is None",
        "    trusted = answer is not None",
        _TAKE,
    ),
    Mutant(
        "an answer to another question counts",
        JUDGE,
        "    if envelope.request_sha256 != order.request_sha256 or ",
        "    if ",
        _GATE,
    ),
    Mutant(
        "another firm's answer counts",
        JUDGE,
        "    if any(code != order.uscc for code in codes):",
        "    if False:",
        _GATE,
    ),
    Mutant(
        "fields nobody asked for are taken",
        JUDGE,
        "        if not envelope.items.keys() <= set(order.fields):",
        "        if False:",
        _GATE,
    ),
    Mutant(
        "the schema is not looked at",
        JUDGE,
        "    if problem is not None:\n        _log",
        "    if False:\n        _log",
        _GATE,
    ),
    Mutant(
        "an old answer counts",
        JUDGE,
        "    if not now_or_so or envelope.as_of > business_date(produced):",
        "    if False:",
        _GATE,
    ),
)

# Release, fetch, acknowledge.
C4: Final = (
    Mutant(
        "a release after the end",
        RELEASE,
        "    if locked.stopped or pull.bank_id is None:",
        "    if pull.bank_id is None:",
        _RELEASE,
    ),
    Mutant(
        "a release under a pause",
        RELEASE,
        "    if locked.hold is not None or pull.held is not None:",
        "    if False:",
        _RELEASE,
    ),
    Mutant(
        "the state is not looked at, nor the end or the hold",
        RELEASE,
        "    if locked.hold is not None or pull.held is not None:\n"
        "        # Written down, so that whoever lets the pull go on promises this job again.\n"
        "        holding.settle(locked, pull)\n        return None\n"
        "    locked.live.require_active()\n",
        "",
        _RELEASE,
    ),
    Mutant(
        "a bank without agreement gets packets",
        RELEASE,
        "    if not banks.is_accredited(uow, bank_id):",
        "    if False:",
        _RELEASE,
    ),
    Mutant(
        "release asks for no evidence",
        RELEASE,
        "    locked.desk.evidence_ready()\n",
        "",
        "tests/packets/test_evidence.py",
    ),
    Mutant(
        "lines outside the present scope are released",
        RELEASE,
        "    if one.line_id not in gone:",
        "    if True:",
        "tests/packets/test_amending.py",
    ),
    Mutant(
        "resources nobody consents to are released",
        RELEASE,
        "        results=[_allowed(one, gone) for one in brought if one.resource in consented],",
        "        results=[_allowed(one, gone) for one in brought],",
        "tests/packets/test_amending.py",
    ),
    Mutant(
        "one pull makes two packets",
        RELEASE,
        "    if pull.state is not PullState.SEALED:",
        "    if False:",
        _RELEASE,
    ),
    Mutant(
        "fetched after a revocation",
        FETCH,
        "    _check_consent(locked, packet)\n",
        "",
        _FETCH,
    ),
    Mutant(
        "fetched although frozen",
        FETCH,
        "    if row.use_ended_at is not None or row.use_frozen:",
        "    if row.use_ended_at is not None:",
        _LIMITS,
    ),
    Mutant(
        "fetched too late",
        FETCH,
        "    if packet.state in UNFETCHED and locked.at >= packet.fetch_before:",
        "    if False:",
        _LIMITS,
    ),
    Mutant(
        "fetched before its proof",
        FETCH,
        "    if packet.state is PacketState.ISSUED:",
        "    if False:",
        _FETCH,
    ),
    Mutant(
        "fetching asks for no evidence",
        FETCH,
        "    locked.desk.evidence_ready()\n",
        "",
        "tests/packets/test_evidence.py",
    ),
    Mutant(
        "the packet's own state is not looked at, nor what an amendment took out",
        FETCH,
        "    _check_packet(locked, packet)\n"
        "    _check_copy(locked, packet)\n"
        "    _check_scope(locked, packet)\n",
        "    _check_copy(locked, packet)\n",
        "tests/packets/test_amending.py",
    ),
    Mutant(
        "a copy that must not be used is handed over again",
        FETCH,
        "    if duty is not None and not copies.may_be_used(duty, locked.at):",
        "    if False:",
        "tests/packets/test_duties.py",
    ),
    Mutant(
        "VIEW keeps as long as STORE",
        "yidaitong/packets/retention.py",
        '    return at + (_VIEW_LIFE if mode == "VIEW" else _UNITS[life.unit] * life.n)',
        "    return at + _UNITS[life.unit] * life.n",
        _LIMITS,
    ),
    Mutant(
        "data lives twice as long",
        "yidaitong/packets/retention.py",
        "_UNITS[life.unit] * life.n)",
        "_UNITS[life.unit] * life.n * 2)",
        _LIMITS,
    ),
)
C5: Final = (
    Mutant(
        "any key acknowledges",
        "yidaitong/packets/signed.py",
        '            raise SignatureInvalidError(f"{typ} of {uow.actor.bank_id}") from error\n',
        "            import base64\n"
        '            part = text.split(".")[1] + "=="\n'
        "            return parse_object(base64.urlsafe_b64decode(part), max_bytes=max_bytes)\n",
        _FETCH,
    ),
    Mutant(
        "a receipt over another digest is taken",
        ACK,
        '    agreed = said["packet_sha256"] == packet.packet_sha256',
        "    agreed = True",
        _FETCH,
    ),
    Mutant(
        "a receipt of another packet is taken",
        ACK,
        ' or body["packet_id"] != str(packet_id):',
        ":",
        _FETCH,
    ),
    Mutant(
        "a second receipt replaces the first",
        ACK,
        "        if packet.rx_sha256 != digest:",
        "        if False:",
        _FETCH,
    ),
)
MUTANTS: Final = (*RULES, *SIGNING, *C1, *C2, *C3, *C4, *C5)
# Quick ones for every run: no database is asked.
QUICK: Final = tuple(one for one in MUTANTS if one.test == "tests/consent/test_lifecycle.py")
