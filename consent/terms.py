"""What may be asked at all: closed lists and limits every request is held against."""

from datetime import timedelta

from consent import artefact as form
from consent import errors
from consent.artefact import ConsentArtefact

MAX_LIFE = timedelta(days=form.MAX_LIFE_DAYS)


def check_terms(artefact: ConsentArtefact) -> None:
    """Refuse what no text may ask.

    Raises:
        InvalidScopeError: an unknown purpose, mode or unit, no datasets, a quorum that cannot be
            met, or a life of nothing or of more than 12 months.
    """
    starts_at, expires_at = artefact.validity
    quorum = artefact.mandate.quorum
    problems = {
        "purpose": artefact.purpose.code not in form.PURPOSES,
        "mode": artefact.mode not in form.MODES,
        "fetch_type": artefact.fetch_type not in form.FETCH_TYPES,
        "frequency": artefact.frequency.unit not in form.FREQUENCY_UNITS
        or artefact.frequency.n < 1,
        "ends_on": not set(artefact.ends_on) <= set(form.ENDS_ON),
        "datasets": not artefact.datasets
        or len(set(artefact.resources)) != len(artefact.resources),
        "quorum": not 1 <= quorum.m <= quorum.n == len(artefact.mandate.eligible),
        "validity": not timedelta() < expires_at - starts_at <= MAX_LIFE,
        # A first version begins its chain; an amendment has something it follows.
        "version": (artefact.version == 1) != (artefact.supersedes is None),
        "chain_id": (artefact.chain_id == artefact.consent_id) != (artefact.version == 1),
        "renews": artefact.renews is not None and artefact.supersedes is not None,
    }
    found = sorted(name for name, wrong in problems.items() if wrong)
    if found:
        raise errors.InvalidScopeError(f"request {artefact.request_id}: {found}", fields=found)
