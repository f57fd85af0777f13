"""One wish for many of a vendor's products, with a result for each: nothing stops at the first that cannot be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import AppError, Conflict, NotFound, ValidationErrors
from app.languages import _, ngettext
from app.models.products import Product, ProductStatus, is_on_sale
from app.outcomes import Outcome
from app.products import proposals, rules, service
from app.products.forms import read_stock, wrong_stock

MAX_PRODUCTS: Final = 100
TAKES_OFF_SALE: Final = frozenset({"withdraw", "archive"})
"""Actions that the vendor cannot undo alone where a product is on sale: it has to be reviewed again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done: a name of ACTIONS, with the number that it needs (a count, or basis points)."""

    action: str
    number: int = 0
    seen: Mapping[int, str] = field(default_factory=dict)
    """The highest price that the list showed, by product: a form that is sent twice moves no price twice."""


def read_wish(form: Mapping[str, str], ids: Sequence[int]) -> Wish:
    """Raises ValidationErrors naming the field `do`, `stock` or `percent`."""
    if not ids:
        raise ValidationErrors({"do": _("Tick the products first.")})
    action = form.get("do", "")
    if action not in ACTIONS:
        raise ValidationErrors({"do": _("Choose what to do with the ticked products.")})
    if action == "stock":
        count = read_stock(form.get("stock", "").strip()) if form.get("stock", "").strip() else None
        if count is None:
            raise ValidationErrors({"stock": wrong_stock()})
        return Wish(action, count)
    if action == "price":
        bps = rules.read_percent(form.get("percent", ""))
        if bps is None:
            raise ValidationErrors({"percent": _("Enter a percentage from -90 to 500, such as 5 or -10.")})
        return Wish(action, bps, {key: form[f"seen_{key}"] for key in ids if f"seen_{key}" in form})
    return Wish(action)


def apply(
    session: Session, shop_id: int, vendor_id: int, ids: Sequence[int], wish: Wish, *, actor: str
) -> list[Outcome]:
    """Do it to each product of the vendor, in the order of their ids, so that two of these never wait in a circle."""
    results = []
    for product_id in sorted(set(ids))[:MAX_PRODUCTS]:
        try:
            product = service.lock_product(session, shop_id, product_id, vendor_id=vendor_id)
        except NotFound as error:
            results.append(Outcome(is_done=False, words=error.message, title=_("Gone"), row_id=product_id))
            continue
        try:
            words = ACTIONS[wish.action](session, product, wish, actor)
            results.append(Outcome(is_done=True, words=words, title=product.title, row_id=product_id))
        except AppError as error:
            results.append(Outcome(is_done=False, words=error.message, title=product.title, row_id=product_id))
    return results


def count_on_sale(session: Session, vendor_id: int, ids: Sequence[int]) -> int:
    """How many of these products customers can buy now."""
    query = select(func.count()).where(Product.vendor_id == vendor_id, Product.id.in_(ids), is_on_sale())
    return session.execute(query).scalar_one()


def _set_stock(session: Session, product: Product, wish: Wish, actor: str) -> str:
    if product.status == ProductStatus.ARCHIVED:
        raise Conflict(_("It is archived. Put it back to the drafts first."))
    wanted = {variant.id: wish.number for variant in service.list_variants(session, product)}
    changed = service.set_stock(session, product, wanted, actor=actor)
    return (
        ngettext("%(num)s variant changed.", "%(num)s variants changed.", changed)
        if changed
        else _("Nothing was different.")
    )


def _change_prices(session: Session, product: Product, wish: Wish, actor: str) -> str:
    variants = service.list_variants(session, product)
    highest = str(max((variant.price_minor for variant in variants), default=0))
    if wish.seen.get(product.id, highest) != highest:
        raise Conflict(_("Its price is another one than the list showed. Look at it, and tick it again."))
    wanted = {f"price {v.id}": rules.changed_price(v.price_minor, wish.number) for v in variants if v.price_minor}
    if not wanted:
        raise Conflict(_("It has no price yet."))
    if product.status == ProductStatus.PUBLISHED:
        proposed = proposals.propose(session, product, wanted, actor=actor)
        if proposed.waiting:
            return _("The new price waits for approval; the old one stays until then.")
        return _("The new price is on its way to the shop.")
    if product.status not in rules.EDITABLE:
        raise Conflict(_("It is not a draft and not on sale, so its price stays."))
    service.write_fields(session, product, wanted)
    return _("Changed in the draft.")


def _submit(session: Session, product: Product, _wish: Wish, actor: str) -> str:
    service.submit(session, product, actor=actor)
    return _("Sent for review.")


def _withdraw(session: Session, product: Product, _wish: Wish, actor: str) -> str:
    service.take_back(session, product, "withdraw", actor=actor)
    return _("A draft again. Customers do not see it.")


def _archive(session: Session, product: Product, _wish: Wish, actor: str) -> str:
    service.take_back(session, product, "archive", actor=actor)
    return _("Archived. You find it under the status Archived.")


def _restore(session: Session, product: Product, _wish: Wish, actor: str) -> str:
    service.move(session, product, "restore", actor=actor)
    return _("A draft again.")


ACTIONS: Final[dict[str, Callable[[Session, Product, Wish, str], str]]] = {
    "stock": _set_stock,
    "price": _change_prices,
    "submit": _submit,
    "withdraw": _withdraw,
    "archive": _archive,
    "restore": _restore,
}
