"""The verbs of codes: making, changing, putting away, and going where one leads."""

from datetime import datetime
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.codes import rules
from app.config import get_config
from app.db import Scope, pipelined
from app.errors import ValidationErrors
from app.languages import _
from app.models.codes import Destination, QrCode
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.vendors import holidays

PROXY_PATH: Final = "/a/market"
_MOST: Final = 200
_COUNT: Final = """
    INSERT INTO qr_scans (code_id, day, shop_id, vendor_id, scans)
    SELECT %(code_id)s, %(day)s, id, %(vendor_id)s, 1 FROM shops WHERE id = %(shop_id)s AND status = 'installed'
    ON CONFLICT (code_id, day) DO UPDATE SET scans = qr_scans.scans + 1
"""

log = structlog.get_logger()


def address_of(shop: Shop, code: QrCode) -> str:
    """What the printed code says."""
    return f"{get_config().storefront_url(shop.domain, shop.primary_host)}{PROXY_PATH}/q/{code.code}"


def make(session: Session, vendor: Vendor, wanted: dict[str, str | int | None], *, actor: str) -> QrCode:
    """`wanted`: name, caption, destination, product_id, path; see `change`. Raises ValidationErrors."""
    held = session.scalars(select(QrCode.id).where(QrCode.vendor_id == vendor.id, QrCode.archived_at.is_(None))).all()
    if len(held) >= _MOST:
        raise ValidationErrors(
            {"name": _("You have %(number)s codes. Put one away that you no longer need.", number=_MOST)}
        )
    kept = _check(session, vendor.id, wanted)
    code = QrCode(shop_id=vendor.shop_id, vendor_id=vendor.id, code=rules.new_code(), **kept)
    session.add(code)
    session.flush()
    _record(session, code, "make", actor)
    return code


def change(session: Session, code: QrCode, wanted: dict[str, str | int | None], *, actor: str) -> None:
    """Where it leads changes at once, for what is printed as well. Raises ValidationErrors."""
    kept = _check(session, code.vendor_id, wanted)
    changes = {name: [getattr(code, name), new] for name, new in kept.items() if getattr(code, name) != new}
    for name, value in kept.items():
        setattr(code, name, value)
    if changes:
        _record(session, code, "change", actor, changes)


def put_away(session: Session, code: QrCode, *, away: bool, actor: str) -> None:
    code.archived_at = clock.now() if away else None
    _record(session, code, "put_away" if away else "take_back", actor)


def find_way(session: Session, code: QrCode, now: datetime) -> str | None:
    """The path in the shop to go to; None when there is nothing to see of this vendor.

    A product that is not on sale, such as on a holiday, gives way to the vendor's page, which says why.
    """
    vendor = session.get_one(Vendor, code.vendor_id)
    if vendor.status is not VendorStatus.APPROVED:
        return None
    page = f"/pages/vendors/{vendor.handle}"
    if code.archived_at is not None or code.destination is Destination.VENDOR:
        return page
    if code.destination is Destination.PATH:
        return code.path
    product = session.get(Product, code.product_id) if code.product_id else None
    is_on_sale = product is not None and product.standing == ProductStatus.PUBLISHED and product.handle
    if product is None or not is_on_sale or holidays.is_hidden_now(vendor, now):
        return page
    return f"/products/{product.handle}"


def count_scan(shop: Shop, code: QrCode) -> None:
    """In a transaction and a round trip of its own: all scans of a code on one day wait for its row, and so only as
    long as PostgreSQL needs. For a shop that has just left nothing is counted.
    """
    ids = {"code_id": code.id, "shop_id": shop.id, "vendor_id": code.vendor_id}
    try:
        with pipelined(Scope(shop.id)) as connection:
            connection.execute(_COUNT, {**ids, "day": clock.today(shop.timezone)})
    except psycopg.Error as error:
        # The connection may have died since it was last used, or the code be gone: whoever scanned it goes on.
        log.warning("scan_not_counted", **ids, error=str(error))


def _check(session: Session, vendor_id: int, wanted: dict[str, str | int | None]) -> dict[str, Any]:
    """What is kept of it. Only of the chosen destination: the rest was not looked at, and may be anybody's."""
    destination = Destination(str(wanted["destination"]))
    if destination is Destination.PATH and (fault := rules.find_fault(str(wanted["path"]))):
        raise ValidationErrors({"path": fault})
    if destination is Destination.PRODUCT:
        product = session.get(Product, wanted["product_id"]) if wanted["product_id"] else None
        if product is None or product.vendor_id != vendor_id:
            raise ValidationErrors({"product_id": _("Choose one of your products.")})
    return {
        **wanted,
        "destination": destination,
        "product_id": wanted["product_id"] if destination is Destination.PRODUCT else None,
        "path": wanted["path"] if destination is Destination.PATH else "",
    }


def _record(
    session: Session, code: QrCode, action: str, actor: str, changes: dict[str, list[str | int | None]] | None = None
) -> None:
    subject = ("qr_code", code.id)
    audit.record(
        session, code.shop_id, f"qr_code.{action}", subject, actor=actor, vendor_id=code.vendor_id, changes=changes
    )
