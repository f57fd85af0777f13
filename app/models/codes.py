"""Codes to print and scan: what is printed stays, where it leads can be changed."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId


class Destination(StrEnum):
    VENDOR = "vendor"
    """The vendor's page."""
    PRODUCT = "product"
    PATH = "path"
    """A page of the shop."""


class QrCode(Model):
    __tablename__ = "qr_codes"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    """What stands in the printed address; never changed."""
    name: Mapped[str]
    """For the vendor: "Saturday market, stall 14"."""
    caption: Mapped[str] = mapped_column(server_default="")
    """Printed under it."""
    destination: Mapped[Destination] = mapped_column(server_default=Destination.VENDOR)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id", ondelete="SET NULL"))
    path: Mapped[str] = mapped_column(server_default="")
    archived_at: Mapped[datetime | None]
    """Put away by the vendor. What was printed still leads to the vendor."""
    created_at: Mapped[CreatedAt]


class QrScans(Model):
    """How often a code was scanned on a day in the shop's time zone. Of who scanned, nothing is kept."""

    __tablename__ = "qr_scans"

    code_id: Mapped[int] = mapped_column(ForeignKey("qr_codes.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    scans: Mapped[int]
