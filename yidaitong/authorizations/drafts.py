"""Building the body people sign: scope from the policy, limits from the purpose, text by hash."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from consent.artefact import (
    Application,
    Authority,
    ConsentArtefact,
    Controller,
    Dataset,
    Eligible,
    Mandate,
    Notice,
    Platform,
    Product,
    Quorum,
    Subject,
    write_at,
)
from consent.artefact import Purpose as PurposeField
from consent.encoding import b64u
from consent.events import sha256_b64u
from consent.service import REP_LEFT
from yidaitong.authorizations import text
from yidaitong.authorizations.desk import PLATFORM
from yidaitong.authorizations.eligible import mandate_of
from yidaitong.authorizations.offers import Offer
from yidaitong.authorizations.purposes import TERMS, Purpose, Terms
from yidaitong.enterprises import queries as enterprises
from yidaitong.kernel.ids import uuid7
from yidaitong.kernel.text import Text
from yidaitong.kernel.uow import UnitOfWork

AUTHORITY = Authority(name="济南市社会信用主管部门", complaint="12345")
STORAGE = ("CN-37",)
JURISDICTION = "CN-3701"
INDIVIDUAL_PREFIX = "92"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """For what, when and in which language somebody is asked; ``renews`` names what goes on."""

    purpose: Purpose
    application: Application | None
    language: str
    branch: str
    at: datetime
    catalogue_version: int
    renews: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A body ready to be asked, and the text that was hashed into it."""

    artefact: ConsentArtefact
    rendered: str
    enterprise_id: UUID
    person_id: UUID | None
    template: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Principal:
    """Who is asked, how they are named, in which words; the suite of their consent."""

    suite: str
    subject: Subject
    mandate: Mandate
    name: str
    template: Text
    suffix: str = ""
    person_id: UUID | None = None
    companion_of: str | None = None
    ends_on: tuple[str, ...] = ()


def enterprise_draft(
    uow: UnitOfWork,
    who: enterprises.Subject,
    offer: Offer,
    occasion: Occasion,
    datasets: tuple[Dataset, ...],
) -> Draft:
    """What the enterprise is asked, by its representative."""
    principal = _Principal(
        suite=uow.settings.suite,
        subject=Subject(
            kind="ENTERPRISE",
            uscc=who.uscc,
            person_id=None,
            name=who.name,
            pairwise_id=_pairwise(uow, offer.bank_id, who.uscc),
        ),
        mandate=mandate_of(uow, who.enterprise_id),
        name=who.name,
        template=text.template_for(occasion.purpose, person=False),
    )
    return _draft(who, offer, occasion, (principal, datasets))


def personal_draft(
    uow: UnitOfWork,
    who: enterprises.Subject,
    offer: Offer,
    occasion: Occasion,
    what: tuple[tuple[Dataset, ...], str | None],
) -> Draft:
    """What the representative is asked as a natural person, beside ``companion_of`` if given.

    Without a companion it carries the whole scope: an individual business is its owner.
    """
    datasets, companion_of = what
    person = str(who.rep_person_id)
    principal = _Principal(
        suite=uow.settings.suite,
        subject=Subject(
            kind="PERSON",
            uscc=None,
            person_id=person,
            name=who.rep_name or "",
            pairwise_id=_pairwise(uow, offer.bank_id, person),
        ),
        mandate=Mandate(
            quorum=Quorum(m=1, n=1),
            eligible=(Eligible(person_id=person, role="SELF", mandate_id=None),),
        ),
        ends_on=(REP_LEFT,),
        name=who.rep_name or "",
        template=text.template_for(
            occasion.purpose, person=True, companion=companion_of is not None
        ),
        suffix=text.PERSONAL_SUFFIX,
        person_id=who.rep_person_id,
        companion_of=companion_of,
    )
    return _draft(who, offer, occasion, (principal, datasets))


def _draft(
    who: enterprises.Subject,
    offer: Offer,
    occasion: Occasion,
    what: tuple[_Principal, tuple[Dataset, ...]],
) -> Draft:
    principal, datasets = what
    terms = TERMS[occasion.purpose]
    blank = _body(offer, occasion, terms, (principal, datasets))
    blanks = text.Blanks(
        template=principal.template,
        name=principal.name,
        company=who.name,
        uscc=who.uscc,
        platform=PLATFORM,
        bank=offer.bank_name,
        branch=occasion.branch,
        purpose=_aim(terms, offer),
    )
    rendered = text.render(blank, blanks, occasion.language)
    notice = replace(blank.notice, rendered_sha256=sha256_b64u(rendered.encode()))
    return Draft(
        artefact=replace(blank, notice=notice),
        rendered=rendered,
        enterprise_id=who.enterprise_id,
        person_id=principal.person_id,
        template=principal.template,
    )


def _controller(offer: Offer, occasion: Occasion) -> Controller | None:
    """The bank; nobody for a pre-check, which the enterprise makes for itself."""
    if occasion.purpose is Purpose.PRECHECK:
        return None
    return Controller(
        bank_id=offer.bank_id,
        name=offer.bank_name,
        branch=occasion.branch,
        contact=offer.bank_contact,
    )


def _body(
    offer: Offer,
    occasion: Occasion,
    terms: Terms,
    what: tuple[_Principal, tuple[Dataset, ...]],
) -> ConsentArtefact:
    principal, datasets = what
    consent_id = str(uuid7())
    revision = text.revision_sha256(principal.template)
    template_id = f"{terms.template_id}{principal.suffix}"
    return ConsentArtefact(
        suite=principal.suite,
        consent_id=consent_id,
        chain_id=consent_id,
        version=1,
        request_id=str(uuid7()),
        txn_id=str(uuid7()),
        subject=principal.subject,
        mandate=principal.mandate,
        controller=_controller(offer, occasion),
        recipients=(),
        platform=Platform(name=PLATFORM),
        authority=AUTHORITY,
        purpose=PurposeField(
            code=occasion.purpose.value,
            version=terms.version,
            text_zh=_aim(terms, offer).zh,
            ref_uri=f"/purposes/{occasion.purpose.value}",
        ),
        product=Product(
            product_id=offer.product_id,
            policy_version=offer.policy_version,
            policy_sha256=offer.policy_sha256,
            catalogue_version=occasion.catalogue_version,
        ),
        application=occasion.application,
        lawful_basis="CONSENT",
        datasets=datasets,
        data_filter=(),
        mode=terms.mode,
        fetch_type=terms.fetch_type,
        frequency=terms.frequency,
        total_quota=terms.total_quota,
        starts_at=write_at(occasion.at),
        expires_at=write_at(occasion.at + terms.life),
        ends_on=(*terms.ends_on, *principal.ends_on),
        data_life=terms.keep,
        erase_basis="PURPOSE_END",
        storage_locations=STORAGE,
        processing_locations=STORAGE,
        geographic_restrictions="CN_ONLY",
        jurisdiction=JURISDICTION,
        language=occasion.language,
        notice=Notice(
            uri=f"/authorization-texts/{template_id}/{text.VERSION}",
            version=text.VERSION,
            sha256=revision,
            rendered_sha256="",
        ),
        template_id=template_id,
        template_rev_sha256=revision,
        withdrawal_method="/authorizations",
        consequences_text=text.consequences_of(occasion.purpose).zh,
        rights_info="tel:12345",
        impact_assessment_ref="pia-1",
        code_of_conduct_ref=f"acc-{offer.bank_id}",
        preview=False,
        supersedes=None,
        renews=None if occasion.renews is None else str(occasion.renews),
        companion_of=principal.companion_of,
        prev_digest=None,
        annex_commitment=None,
    )


def _aim(terms: Terms, offer: Offer) -> Text:
    return Text(
        terms.aim.zh.format(product=offer.product_name.zh),
        terms.aim.en.format(product=offer.product_name.en),
    )


def _pairwise(uow: UnitOfWork, bank_id: str, identity: str) -> str:
    """One name of a principal for one bank: two banks cannot join their records by it."""
    return b64u(uow.crypto.blind_index(uow.session, f"pairwise.{bank_id}", identity))
