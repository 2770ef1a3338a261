"""The text of a body that follows from another: a narrowed draft, an amendment, a renewal."""

from dataclasses import dataclass, replace
from uuid import UUID

from consent.artefact import ConsentArtefact
from consent.events import sha256_b64u
from yidaitong.authorizations import text
from yidaitong.authorizations.changes import changes
from yidaitong.authorizations.desk import PLATFORM
from yidaitong.authorizations.drafts import Draft
from yidaitong.authorizations.purposes import TERMS, Purpose
from yidaitong.enterprises import queries as enterprises
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products import queries as products


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose draft it is, and the present version where it amends one."""

    enterprise_id: UUID
    person_id: UUID | None
    amends: ConsentArtefact | None = None


def reworded(uow: UnitOfWork, artefact: ConsentArtefact, origin: Origin) -> Draft:
    """The draft of ``artefact`` under today's template, with the hash of exactly its text.

    An amendment's text begins with what changes, found by machine.
    """
    template = template_of(artefact)
    revision = text.revision_sha256(template)
    notice = replace(artefact.notice, version=text.VERSION, sha256=revision, rendered_sha256="")
    blank = replace(artefact, notice=notice, template_rev_sha256=revision)
    rendered = _rendered(uow, blank, template, origin)
    notice = replace(notice, rendered_sha256=sha256_b64u(rendered.encode()))
    return Draft(
        artefact=replace(blank, notice=notice),
        rendered=rendered,
        enterprise_id=origin.enterprise_id,
        person_id=origin.person_id,
        template=template,
    )


def template_of(artefact: ConsentArtefact) -> Text:
    """The words for this kind of principal."""
    return text.template_for(
        artefact.purpose.code,
        person=artefact.subject.kind == "PERSON",
        companion=artefact.companion_of is not None,
    )


def _rendered(uow: UnitOfWork, artefact: ConsentArtefact, template: Text, origin: Origin) -> str:
    who = enterprises.subject_of(uow, origin.enterprise_id)
    controller = artefact.controller
    blanks = text.Blanks(
        template=template,
        name=artefact.subject.name,
        company=who.name,
        uscc=who.uscc,
        platform=PLATFORM,
        bank=PLATFORM if controller is None else controller.name,
        branch="" if controller is None else controller.branch,
        purpose=_aim(uow, artefact),
    )
    rendered = text.render(artefact, blanks, artefact.language)
    if origin.amends is None:
        return rendered
    said = changes(origin.amends, artefact)
    lines = "\n".join(f"- {one.pick(artefact.language)}" for one in said)
    return text.CHANGES.pick(artefact.language).format(lines=lines) + rendered


def _aim(uow: UnitOfWork, artefact: ConsentArtefact) -> Text:
    """The purpose as it was said; in English by the product's present name."""
    version = products.effective(uow, artefact.product.product_id)
    name = artefact.product.product_id if version is None else version.name.en
    english = TERMS[Purpose(artefact.purpose.code)].aim.en.format(product=name)
    return Text(artefact.purpose.text_zh, english)
