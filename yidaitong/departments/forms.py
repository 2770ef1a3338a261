"""The two forms of a signed answer: a JWS over all of it, and an SD-JWT that can be narrowed.

In an SD-JWT each item is a disclosure of its own; ``given`` names in clear those that were asked
for and given, so that nobody can hold one of them back unseen. There is no digest over all items:
with it, whoever knows some could guess the others. Decoys make the number of digests that of the
resource's fields, whatever is given.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from consent.encoding import b64u_decode
from consent.events import sha256_b64u
from yidaitong.departments.definitions import AnswerForm
from yidaitong.departments.registry import RESOURCES
from yidaitong.departments.wire import (
    ANSWER_MEDIA,
    ANSWER_TYP,
    ENVELOPE,
    MAX_ANSWER_BYTES,
    Envelope,
    WireError,
    envelope_of,
    members_of,
    read_envelope,
    write_envelope,
)
from yidaitong.kernel.crypto import jws, sdjwt
from yidaitong.kernel.crypto.concealing import conceal
from yidaitong.kernel.crypto.disclosures import Path, Revealed
from yidaitong.kernel.crypto.keys import PublicKey

# Wire format: append only.
SD_VERSION: Final = "ydt-answer-sd/1"
TYPS: Final[Mapping[AnswerForm, str]] = {
    AnswerForm.JWS: ANSWER_TYP,
    AnswerForm.SD_JWT: "ydt-answer+sd-jwt",
}
MEDIA: Final[Mapping[AnswerForm, str]] = {
    AnswerForm.JWS: ANSWER_MEDIA,
    AnswerForm.SD_JWT: "application/sd-jwt",  # RFC 9901 §11.
}
_ITEMS: Final = "items"
# As in a plain answer; the items carry digests of their own, and what was given is named.
_MEMBERS: Final = (ENVELOPE - {"sha256"}) | {"given"}

Signer = Callable[[str, bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer before it is signed: the payload, and what stands beside the signature."""

    form: AnswerForm
    payload: bytes = field(repr=False)
    disclosures: tuple[str, ...] = field(default=(), repr=False)

    @property
    def typ(self) -> str:
        """The ``typ`` it is signed with."""
        return TYPS[self.form]

    def around(self, signed: str) -> str:
        """The whole text, from the JWS over the payload."""
        return signed if self.form is AnswerForm.JWS else sdjwt.join(signed, self.disclosures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What an answer, or what is shown of it, says.

    ``given`` are the items asked for and given, None where the form shows all.
    """

    envelope: Envelope
    given: frozenset[str] | None = None
    key: PublicKey | None = field(default=None, repr=False)

    @property
    def missing(self) -> frozenset[str]:
        """Names of items that were given and are not shown."""
        return (self.given or frozenset()) - self.envelope.items.keys()


def form_of(text: str) -> AnswerForm:
    """The form a text is written in."""
    return AnswerForm.SD_JWT if "~" in text else AnswerForm.JWS


def write(envelope: Envelope, form: AnswerForm | None = None) -> Written:
    """An answer in the form of its resource, or in another."""
    resource = RESOURCES[envelope.resource]
    form = resource.answer_form if form is None else form
    if form is AnswerForm.JWS:
        return Written(form=form, payload=write_envelope(envelope))
    spare = {one.name for one in resource.fields if one.beside}
    given = [name for name in envelope.items if name not in spare]
    made = conceal(
        {"v": SD_VERSION, "given": given, **members_of(envelope)},
        _is_item,
        decoys=max(len(resource.fields) - len(envelope.items), 0),
    )
    return Written(form=form, payload=made.payload, disclosures=made.disclosures)


def sign(envelope: Envelope, signer: Signer) -> str:
    """The signed answer in the form of its resource; ``signer`` takes the ``typ`` and the bytes."""
    written = write(envelope)
    return written.around(signer(written.typ, written.payload))


def verify(
    text: str,
    form: AnswerForm,
    keys: Mapping[str, PublicKey],
    *,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Opened:
    """Check a department's signature over an answer of the given form, and read it.

    Raises:
        JoseError: the signature or a disclosure does not hold, or the form is another.
        StrictJsonError, WireError: what was signed is no answer.
    """
    typ = TYPS[form]
    if form is AnswerForm.JWS:
        signed = jws.verify(text, typ=typ, keys=keys, max_bytes=max_bytes)
        return Opened(envelope=read_envelope(signed.payload), key=signed.key)
    found = sdjwt.verify(text, typ=typ, keys=keys, max_bytes=max_bytes)
    return _opened(found.revealed, found.key)


def reopen(text: str) -> Opened:
    """Read an answer that was verified before and kept under seal since.

    Raises:
        JoseError, StrictJsonError, WireError: it is no answer.
    """
    if form_of(text) is AnswerForm.SD_JWT:
        return _opened(sdjwt.opened(text), None)
    return Opened(envelope=read_envelope(b64u_decode(text.split(".")[1])))


def narrowed(text: str, names: Collection[str]) -> str:
    """The SD-JWT with no other items than ``names``; the department's signature holds as before."""
    return sdjwt.present(text, lambda path: _is_item(path) and path[-1] in names)


def signed_sha256(text: str) -> str:
    """Hash of the part the department signed: the same for the whole answer and all it shows."""
    return sha256_b64u(sdjwt.issued_part(text).encode("ascii"))


def _is_item(path: Path) -> bool:
    return len(path) == 2 and path[0] == _ITEMS  # noqa: PLR2004 - items.<name>


def _opened(found: Revealed, key: PublicKey | None) -> Opened:
    """Only items may be hidden, each as a whole: no row of a list, nor anything in clear.

    Raises:
        WireError: members are missing, unknown, hidden or of the wrong form.
    """
    body: dict[str, Any] = found.claims
    if body.keys() != _MEMBERS or body["v"] != SD_VERSION:
        raise WireError("members")
    if not all(map(_is_item, found.places)) or set(found.unopened) - {(_ITEMS,)}:
        raise WireError("hidden")
    given = body["given"]
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise WireError("given")
    envelope = envelope_of(body)
    places = {path[-1] for path in found.places}
    spare = {one.name for one in RESOURCES[envelope.resource].fields if one.beside}
    shown = envelope.items.keys()
    if len(set(given)) != len(given) or spare & set(given):
        raise WireError("given")
    if places != shown or shown - spare - set(given):
        raise WireError("items")
    return Opened(envelope=envelope, given=frozenset(given), key=key)
