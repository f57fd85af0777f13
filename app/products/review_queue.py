"""What the shop's staff decide about new products and edits from the list of them, one or many at once."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import AppError, NotFound
from app.models.products import Product, ProductProposal
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.outcomes import Outcome
from app.products import proposal_queries, proposals, replies, service
from app.typed import read_number

_SAID: Final = {
    "ask_for_changes": "The vendor is asked to change it.",
    "reject": "Rejected. The vendor gets your reason.",
}


def in_order(session: Session, shop_id: int, ticks: Sequence[str]) -> list[str]:
    """Ticks in the order in which products are locked everywhere, by id: no two people's ever wait in a circle."""
    read = {tick: _read_tick(tick) for tick in ticks}
    edits = [numbers[0] for kind, numbers in read.values() if kind == "edit" and numbers]
    mine = (ProductProposal.shop_id == shop_id, ProductProposal.id.in_(edits))
    query = select(ProductProposal.id, ProductProposal.product_id).where(*mine)
    product_of = dict(session.execute(query).all())

    def product_id(tick: str) -> int:
        kind, numbers = read[tick]
        number = numbers[0] if numbers else 0
        return product_of.get(number, 0) if kind == "edit" else number

    return sorted(read, key=lambda tick: (product_id(tick), tick))


def approve(session: Session, shop_id: int, tick: str, *, actor: str) -> Outcome:
    """Approve one ticked row. What cannot be approved from a list stays, and says why."""

    def take(edit: ProductProposal, version: int) -> str:
        proposals.accept_all(session, edit, version, actor=actor)
        return "The changes go live now."

    def publish(product: Product) -> str:
        service.approve(session, product, actor=actor)
        return "It goes on sale now."

    return _decide(session, shop_id, tick, publish, take)


def decline(session: Session, shop: Shop, tick: str, action: str, reason: str, *, actor: str) -> Outcome:
    """`ask_for_changes` or `reject` one ticked row; placeholders of saved replies in `reason` are filled in for it."""

    def words(product: Product) -> str:
        vendor = session.get_one(Vendor, product.vendor_id).name
        return replies.fill_for(reason, vendor=vendor, product=product.title, shop=shop.name)

    def refuse_edit(edit: ProductProposal, version: int) -> str:
        about = words(session.get_one(Product, edit.product_id))
        proposals.decline(session, edit, action, about, version, actor=actor)
        return _SAID[action]

    def refuse(product: Product) -> str:
        service.decline(session, product, action, words(product), actor=actor)
        return _SAID[action]

    return _decide(session, shop.id, tick, refuse, refuse_edit)


def _decide(
    session: Session,
    shop_id: int,
    tick: str,
    on_product: Callable[[Product], str],
    on_edit: Callable[[ProductProposal, int], str],
) -> Outcome:
    kind, numbers = _read_tick(tick)
    if not numbers:
        return Outcome(is_done=False, words="This row is not known.", title=tick)
    try:
        if kind == "edit":
            proposal = proposals.lock_proposal(session, shop_id, numbers[0])
            title = proposal_queries.title_of(session, proposal)
            return Outcome(is_done=True, words=on_edit(proposal, numbers[-1]), title=title)
        product = service.lock_product(session, shop_id, numbers[0])
        title = product.title
        return Outcome(is_done=True, words=on_product(product), title=title)
    except NotFound as error:
        return Outcome(is_done=False, words=error.message, title="Gone")
    except AppError as error:
        return Outcome(is_done=False, words=error.message, title=title)


def _read_tick(tick: str) -> tuple[str, list[int]]:
    """Its kind and numbers; no numbers where one of them is none that an id can be."""
    kind, *words = tick.split() or [""]
    numbers = [number for word in words if (number := read_number(word)) is not None]
    return kind, numbers if len(numbers) == len(words) else []
