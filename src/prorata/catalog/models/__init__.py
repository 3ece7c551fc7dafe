"""What is sold: products, their resource types, price books and discount schedules (versioned, dated)."""

from prorata.catalog.models.discount import DiscountSchedule, DiscountTier
from prorata.catalog.models.name_in_language import NameInLanguage
from prorata.catalog.models.price import PriceBook, Rate, RateBand
from prorata.catalog.models.product import SOLD_CREDIT_MODELS, Product
from prorata.catalog.models.resource import LinkedLimit, Option, ResourceType

__all__ = [
    "SOLD_CREDIT_MODELS",
    "DiscountSchedule",
    "DiscountTier",
    "LinkedLimit",
    "NameInLanguage",
    "Option",
    "PriceBook",
    "Product",
    "Rate",
    "RateBand",
    "ResourceType",
]
