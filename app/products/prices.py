"""Whether a product's prices are in the shop's currency. Until app/products/currencies.py has brought them, nobody may
change them.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.languages import _
from app.models.products import Product, Variant
from app.models.shops import Shop


def are_old(session: Session, product: Product) -> bool:
    """Whether they are in an earlier currency of the shop's. Asks nothing unless some of its products may be."""
    shop = session.get_one(Shop, product.shop_id)
    if shop.prices_due_at is None:
        return False
    behind = select(Variant.id).where(Variant.product_id == product.id, Variant.currency != shop.currency)
    return session.scalar(behind.limit(1)) is not None


def check(session: Session, product: Product) -> None:
    """Raises Conflict while they are."""
    if are_old(session, product):
        raise Conflict(_("Prices are just being brought into the shop's new currency. Try again in a minute."))
