"""One decision of the shop's staff for many products, with a result for each: nothing stops at the first that cannot
be.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.errors import AppError, NotFound
from app.models.products import Product
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.outcomes import Outcome
from app.products import replies, service, takedowns

REASON_NEEDED: Final = frozenset({"ask_for_changes", "reject", "take_down"})


def decide(session: Session, shop: Shop, ids: Sequence[int], action: str, reason: str, *, actor: str) -> list[Outcome]:
    """Do one of ACTIONS to each product, in the order of their ids, so that two of these never wait in a circle.

    Placeholders of saved replies in `reason` are filled in for each.
    """
    return [_decide_one(session, shop, product_id, action, reason, actor) for product_id in sorted(set(ids))]


def _decide_one(session: Session, shop: Shop, product_id: int, action: str, reason: str, actor: str) -> Outcome:
    try:
        product = service.lock_product(session, shop.id, product_id)
    except NotFound as error:
        return Outcome(is_done=False, words=error.message, title="Gone", row_id=product_id)
    vendor = session.get_one(Vendor, product.vendor_id).name
    filled = replies.fill_for(reason, vendor=vendor, product=product.title, shop=shop.name)
    try:
        words = ACTIONS[action](session, product, filled, actor)
    except AppError as error:
        return Outcome(is_done=False, words=error.message, title=product.title, row_id=product_id)
    return Outcome(is_done=True, words=words.format(vendor=vendor), title=product.title, row_id=product_id)


def _approve(session: Session, product: Product, _reason: str, actor: str) -> str:
    service.approve(session, product, actor=actor)
    return "It goes on sale now."


def _ask_for_changes(session: Session, product: Product, reason: str, actor: str) -> str:
    service.decline(session, product, "ask_for_changes", reason, actor=actor)
    return "{vendor} is asked to change it."


def _reject(session: Session, product: Product, reason: str, actor: str) -> str:
    service.decline(session, product, "reject", reason, actor=actor)
    return "Rejected. {vendor} gets your reason."


def _take_down(session: Session, product: Product, reason: str, actor: str) -> str:
    takedowns.take_down(session, product, reason, actor=actor)
    return "Off sale. {vendor} gets your reason."


def _put_back(session: Session, product: Product, _reason: str, actor: str) -> str:
    takedowns.put_back(session, product, actor=actor)
    return "On sale again. {vendor} is told."


ACTIONS: Final[dict[str, Callable[[Session, Product, str, str], str]]] = {
    "approve": _approve,
    "ask_for_changes": _ask_for_changes,
    "reject": _reject,
    "take_down": _take_down,
    "put_back": _put_back,
}
