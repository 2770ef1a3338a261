"""Guards of asking: when the bank asks, before each question, on each answer."""

from typing import Final

from tests.mutants.mutant import Mutant

ASK: Final = "yidaitong/pulls/authorising.py"
SLOTS: Final = "yidaitong/pulls/slots.py"
SEND: Final = "yidaitong/pulls/dispatching.py"
TAKE: Final = "yidaitong/pulls/recording.py"
JUDGE: Final = "yidaitong/departments/verifying.py"
_ASK = "tests/pulls/test_authorising.py"
_SEND = "tests/pulls/test_dispatching.py"
_TAKE = "tests/pulls/test_recording.py"
_GATE = "tests/departments/test_gateway.py"
_FORMS = "tests/departments/test_forms.py"
_LIMITS = "tests/packets/test_limits.py"

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
        "        if not envelope.items.keys() <= allowed:",
        "        if False:",
        _GATE,
    ),
    Mutant(
        "an item left out of a signed answer is not missed",
        JUDGE,
        "    if opened.missing:",
        "    if False:",
        _FORMS,
    ),
    Mutant(
        "a department chooses the form of its answer",
        JUDGE,
        "forms.verify(text, RESOURCES[order.resource].answer_form, keys)",
        "forms.verify(text, forms.form_of(text), keys)",
        _FORMS,
    ),
    Mutant(
        "a disclosure nothing refers to is let pass",
        "yidaitong/kernel/crypto/disclosures.py",
        "    if len(weaver.places) != len(given):",
        "    if False:",
        "tests/kernel/crypto/test_sdjwt_refused.py",
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
