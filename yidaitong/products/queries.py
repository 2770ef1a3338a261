"""Reading products: the shelf, the version in effect, a bank's own versions."""

from functools import lru_cache
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from yidaitong.accounts.scope import as_system
from yidaitong.banks.queries import accredited
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.errors import InvalidStateError, NotFoundError
from yidaitong.kernel.uow import UnitOfWork
from yidaitong.products.lifecycle import PUBLISHED, ProductState
from yidaitong.products.models import ProductVersion
from yidaitong.products.policy import Policy, canonical, parse

READ = "product.read"


def shelf(uow: UnitOfWork) -> list[ProductVersion]:
    """Versions in effect of accredited banks, by product id; everybody may read them."""
    with as_system(uow) as wide:
        return list(wide.session.scalars(_on_shelf(wide).order_by(ProductVersion.product_id)))


def effective(uow: UnitOfWork, product_id: str) -> ProductVersion | None:
    """The version on the shelf now, None where nobody offers the product."""
    with as_system(uow) as wide:
        query = _on_shelf(wide).where(ProductVersion.product_id == product_id)
        return wide.session.scalar(query)


def version_of(uow: UnitOfWork, product_id: str, version: int) -> ProductVersion:
    """A version that is or was on the shelf, for applications that name it.

    Raises:
        NotFoundError: no such version, or it never was on the shelf.
    """
    query = select(ProductVersion).where(
        ProductVersion.product_id == product_id,
        ProductVersion.version == version,
        ProductVersion.state.in_(PUBLISHED),
        ProductVersion.effective_from.is_not(None),
    )
    with as_system(uow) as wide:
        found = wide.session.scalar(query)
    if found is None:
        raise NotFoundError(f"product {product_id} version {version}")
    return found


def other_products(uow: UnitOfWork, product_id: str) -> list[ProductVersion]:
    """What else is on the shelf: where somebody this product refuses may turn next."""
    return [version for version in shelf(uow) if version.product_id != product_id]


def policy_of(version: ProductVersion) -> Policy:
    """The checked policy of a version.

    Raises:
        InvalidStateError: the stored policy is not the one people decided on.
    """
    policy = _parsed(canonical(version.policy))
    if policy.sha256 != version.sha256:
        raise InvalidStateError(f"policy of {version.id} is not {version.sha256}")
    return policy


def products_of_bank(uow: UnitOfWork) -> list[ProductVersion]:
    """The newest version of each product of the actor's bank."""
    uow.actor.require(READ)
    query = _newest().where(ProductVersion.bank_id == uow.actor.bank_id)
    return list(uow.session.scalars(query))


def products_of_centre(uow: UnitOfWork) -> list[ProductVersion]:
    """The newest version of each product that its bank has submitted."""
    uow.actor.require(READ)
    return list(uow.session.scalars(_newest().where(ProductVersion.submitted_at.is_not(None))))


def version_in_full(uow: UnitOfWork, version_id: UUID) -> ProductVersion:
    """One version the actor may see: the bank's own, or any for the centre once submitted.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    uow.actor.require(READ)
    version = uow.session.get(ProductVersion, version_id)
    if version is None or not _shown(uow, version):
        raise NotFoundError(f"product version {version_id}")
    return version


def versions(uow: UnitOfWork, product_id: str) -> list[ProductVersion]:
    """All versions of one product the actor may see, newest first."""
    uow.actor.require(READ)
    query = select(ProductVersion).where(ProductVersion.product_id == product_id)
    rows = uow.session.scalars(query.order_by(ProductVersion.version.desc()))
    return [version for version in rows if _shown(uow, version)]


def version_before(uow: UnitOfWork, version: ProductVersion) -> ProductVersion | None:
    """The last version before ``version`` that came into effect, None for a first one."""
    query = (
        select(ProductVersion)
        .where(
            ProductVersion.product_id == version.product_id,
            ProductVersion.version < version.version,
            ProductVersion.effective_from.is_not(None),
        )
        .order_by(ProductVersion.version.desc())
        .limit(1)
    )
    return uow.session.scalar(query)


def _on_shelf(wide: UnitOfWork) -> Select[ProductVersion]:
    return select(ProductVersion).where(
        ProductVersion.state == ProductState.EFFECTIVE,
        ProductVersion.bank_id.in_(accredited(wide)),
    )


def _shown(uow: UnitOfWork, version: ProductVersion) -> bool:
    """A draft is its bank's own affair."""
    return uow.actor.realm is not Realm.GOV or version.submitted_at is not None


def _newest() -> Select[ProductVersion]:
    return (
        select(ProductVersion)
        .ext(distinct_on(ProductVersion.product_id))
        .order_by(ProductVersion.product_id, ProductVersion.version.desc())
    )


@lru_cache(maxsize=256)
def _parsed(text: bytes) -> Policy:
    return parse(text)
