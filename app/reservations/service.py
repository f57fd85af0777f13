"""Carts, checkouts and orders move units between available, reserved and sold; open product pages hear of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock
from app.db import after_commit, scoped, system
from app.live.channels import announce_stock, tell_now
from app.models.products import Product, Variant
from app.models.reservations import Reservation
from app.reservations import queries, rules
from app.reservations.rules import Line, Look, ReservationState
from app.shopify.webhook_bodies import number_of

_AT_ONCE: Final = 500
log = structlog.get_logger()


def take_look(session: Session, shop_id: int, token: str, look: Look) -> None:
    """Take in what a cart or checkout holds. Units of the store's own goods are none of our business."""
    _change(session, shop_id, token, lambda held: rules.take_look(held, look), look.units)


def sell(session: Session, shop_id: int, token: str, bought: Mapping[int, int], at: datetime) -> None:
    """The cart with this token became an order."""
    _change(session, shop_id, token, lambda held: rules.sell(held, bought, at), ())


def cancel(session: Session, shop_id: int, token: str) -> None:
    """That order was cancelled."""
    _change(session, shop_id, token, rules.cancel, ())


def announce(session: Session, shop_id: int, product_number: int) -> None:
    """Once committed, open pages of the product hear how it stands, and nobody is told from memory any more."""
    after_commit(session, lambda: _tell(shop_id, product_number), once=("stock", shop_id, product_number))


def announce_carts(session: Session, shop_id: int, cart_keys: Sequence[str]) -> None:
    """It has become known whose these carts are: open pages count them anew."""
    for product in queries.list_products_in(session, shop_id, cart_keys) if cart_keys else ():
        announce(session, shop_id, product)


def release_expired(now: datetime | None = None) -> int:
    """Let go of what nobody touched for ten minutes, in every shop. Returns how many lines that were."""
    now = now or clock.now()
    released = 0
    while due := _list_due(now):
        for shop_id, key in due:
            with scoped(shop_id) as session:
                released += _change_key(session, shop_id, key, lambda held: rules.expire(held, now), ())
    return released


def _list_due(now: datetime) -> Sequence[tuple[int, str]]:
    due = (Reservation.state.in_(rules.HOLDING), Reservation.expires_at <= now)
    query = select(Reservation.shop_id, Reservation.cart_key).where(*due).distinct().limit(_AT_ONCE)
    with system() as session:
        return session.execute(query).all()


def remove_old() -> int:
    """Forget carts that nobody touched for 30 days. Returns and reports how many lines went."""
    before = clock.now() - rules.KEPT
    with system() as session:
        gone = session.scalars(
            delete(Reservation).where(Reservation.changed_at < before).returning(Reservation.shop_id)
        )
        count = len(gone.all())
    log.info("reservations_expired", forgotten=count)
    return count


def _change(
    session: Session,
    shop_id: int,
    token: str,
    change: Callable[[Mapping[int, Line]], dict[int, Line]],
    variants: Iterable[int],
) -> None:
    _change_key(session, shop_id, rules.cart_key(token), change, variants)


def _change_key(
    session: Session,
    shop_id: int,
    key: str,
    change: Callable[[Mapping[int, Line]], dict[int, Line]],
    variants: Iterable[int],
) -> int:
    """Move one cart's lines by a rule and write what changed. Returns how many lines that were."""
    # Two pieces of news of one cart must not both find no row.
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtext("reservations"), func.hashtext(f"{shop_id}:{key}")))
    )
    rows = {row.variant_number: row for row in queries.list_held(session, shop_id, [key])}
    held = {
        number: Line(ReservationState(row.state), row.quantity, row.seen_at, row.expires_at)
        for number, row in rows.items()
    }
    known = _find_goods(session, shop_id, {*held, *variants})
    after = {number: line for number, line in change(held).items() if number in known or number in held}
    changed = {number: line for number, line in after.items() if held.get(number) != line}
    for number, line in changed.items():
        _write(session, (shop_id, key, number), line, rows.get(number), known.get(number))
    session.flush()
    told = {number for number, line in changed.items() if _shows(held.get(number)) or _shows(line)}
    for product in {known[number][0] for number in told if number in known}:
        announce(session, shop_id, product)
    return len(changed)


def _shows(line: Line | None) -> bool:
    return line is not None and line.state in rules.HOLDING


def _write(
    session: Session,
    name: tuple[int, str, int],
    line: Line,
    row: Reservation | None,
    goods: tuple[int, int] | None,
) -> None:
    values = {
        "state": line.state,
        "quantity": line.quantity,
        "seen_at": line.seen_at,
        "expires_at": line.until,
        "changed_at": clock.now(),
    }
    if row is not None:
        for column, value in values.items():
            setattr(row, column, value)
    elif goods is not None:
        shop_id, key, number = name
        product, vendor_id = goods
        identity = {"shop_id": shop_id, "cart_key": key, "variant_number": number}
        session.execute(insert(Reservation).values(**identity, product_number=product, vendor_id=vendor_id, **values))


def _find_goods(session: Session, shop_id: int, variants: set[int]) -> dict[int, tuple[int, int]]:
    """Variant → its product's number and its vendor, for those that a vendor sells."""
    gids = [f"gid://shopify/ProductVariant/{number}" for number in variants]
    if not gids:
        return {}
    query = (
        select(Variant.shopify_gid, Product.shopify_gid, Variant.vendor_id)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.shop_id == shop_id, Variant.shopify_gid.in_(gids), Product.shopify_gid.is_not(None))
    )
    return {
        number_of(str(variant)): (number_of(str(product)), vendor)
        for variant, product, vendor in session.execute(query)
    }


def _tell(shop_id: int, product_number: int) -> None:
    """With all that others have committed meanwhile, and one after the other: what was read last is told last."""
    try:
        with scoped(shop_id) as session:
            name = f"stock:{shop_id}:{product_number}"
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
            if stock := queries.read_stock(session, shop_id, product_number):
                variants = [asdict(each) for each in stock]
                queries.keep_stock(shop_id, product_number, variants)
                announce_stock(session, shop_id, product_number, variants)
                tell_now(session)
    except SQLAlchemyError as error:
        log.warning("stock_not_told", error=str(error))
