"""Guards of release, fetch and acknowledgement."""

from typing import Final

from tests.mutants.mutant import Mutant

RELEASE: Final = "yidaitong/packets/releasing.py"
FETCH: Final = "yidaitong/packets/fetching.py"
ACK: Final = "yidaitong/packets/acking.py"
EVIDENCE: Final = "yidaitong/packets/checks_evidence.py"
_RELEASE = "tests/packets/test_releasing.py"
_FETCH = "tests/packets/test_fetching.py"
_NARROW = "tests/packets/test_narrowing.py"
_LIMITS = "tests/packets/test_limits.py"

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
NARROWED: Final = (
    Mutant(
        "the whole answer travels where a part was consented to",
        "yidaitong/packets/composing.py",
        "forms.narrowed(answer.jws, names)",
        "answer.jws",
        _NARROW,
    ),
    Mutant(
        "an item held back is not missed",
        EVIDENCE,
        "require(not opened.missing & consented,",
        "require(True,",
        _NARROW,
    ),
    Mutant(
        "an item beyond the consent is let pass",
        EVIDENCE,
        "require(opened.envelope.items.keys() <= consented,",
        "require(True,",
        _NARROW,
    ),
    Mutant(
        "a narrowed answer is not tied to the packet",
        EVIDENCE,
        'require(forms.signed_sha256(text) == entry["issued_sha256"],',
        "require(True,",
        _NARROW,
    ),
    Mutant(
        "what may be narrowed may be withheld",
        EVIDENCE,
        'require(narrow is ("issued_sha256" in entry),',
        "require(True,",
        _NARROW,
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
