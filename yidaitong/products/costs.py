"""All-in yearly cost (贷款明白纸): what a loan costs in a year, as one number with its parts."""

from dataclasses import dataclass

from yidaitong.products.models import ProductVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyCost:
    """Basis points of the loan amount a year, by part."""

    interest_bp: int
    guarantee_bp: int
    assessment_bp: int
    bridge_bp: int

    @property
    def total_bp(self) -> int:
        """All parts together."""
        return self.interest_bp + self.guarantee_bp + self.assessment_bp + self.bridge_bp

    def of(self, amount_fen: int) -> int:
        """Fen a year on ``amount_fen``: one integer product, half up once."""
        return (amount_fen * self.total_bp + 5_000) // 10_000


def yearly_cost(version: ProductVersion, rate_bp: int) -> YearlyCost:
    """What a loan at ``rate_bp`` costs a year."""
    return YearlyCost(
        interest_bp=rate_bp,
        guarantee_bp=version.guarantee_bp,
        assessment_bp=version.assessment_bp,
        bridge_bp=version.bridge_bp,
    )


def cost_range(version: ProductVersion) -> tuple[YearlyCost, YearlyCost]:
    """Least and most a loan of this version costs a year."""
    return yearly_cost(version, version.rate_min_bp), yearly_cost(version, version.rate_max_bp)
