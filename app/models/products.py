"""Vendors' products as the marketplace knows them: drafts before Shopify has them, mirrors afterwards."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, literal, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Id, Model, ShopId
from app.money import Money


class ProductStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    """On its way to Shopify; the products/create webhook moves it on."""
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    PUBLISHED = "published"
    REJECTED = "rejected"
    ARCHIVED = "archived"


def _newest_on_sale(whose: str) -> Index:
    """For the lists of app/vendors/goods.py."""
    return Index(
        f"ix_products_{whose}_newest_on_sale",
        whose,
        text("published_at DESC NULLS LAST"),
        text("id DESC"),
        postgresql_include=["shopify_gid"],
        postgresql_where=text(
            "status = 'published' AND taken_down_at IS NULL AND shopify_status = 'ACTIVE' AND shopify_gid IS NOT NULL"
        ),
    )


class Product(Model):
    """One product of one vendor. This row is the product → vendor mapping that orders are split by."""

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_gid"),
        Index("uq_products_shop_id_listing_key", "shop_id", "listing_key", unique=True),
        Index("ix_products_shop_id_status_submitted_at", "shop_id", "status", "submitted_at"),
        Index("ix_products_vendor_id_status", "vendor_id", "status"),
        _newest_on_sale("vendor_id"),
        _newest_on_sale("shop_id"),
        Index("ix_products_look_wanted_at", "look_wanted_at", postgresql_where=text("look_wanted_at IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    shopify_gid: Mapped[str | None]
    handle: Mapped[str | None]
    title: Mapped[str]
    description_html: Mapped[str] = mapped_column(server_default="")
    product_type: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    category_gid: Mapped[str | None]
    category_name: Mapped[str | None]
    attributes: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """What the category asks, answered: app/products/attributes.py."""
    attributes_wanted_at: Mapped[datetime | None]
    """Since when Shopify has to be told of the answers."""
    attributes_told: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Keys of the metafields that we wrote."""
    attributes_error: Mapped[str | None]
    seo_title: Mapped[str] = mapped_column(server_default="")
    seo_description: Mapped[str] = mapped_column(server_default="")
    options: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """[{"name": "Size", "values": ["S", "M"]}], at most three."""
    status: Mapped[ProductStatus] = mapped_column(server_default=ProductStatus.DRAFT)
    status_reason: Mapped[str | None]
    sync_error: Mapped[str | None]
    """Why Shopify refused the last attempt, in a sentence the vendor can act on."""
    submitted_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    shopify_updated_at: Mapped[datetime | None]
    news_mark: Mapped[str | None]
    """Of what Shopify's last news of it said: app/products/looks.py."""
    look_wanted_at: Mapped[datetime | None]
    """Since when what those news leave out is to be read."""
    channels_version: Mapped[int] = mapped_column(server_default="0")
    """Which of the shop's choices of sales channels Shopify was told."""
    shopify_status: Mapped[str | None]
    """ACTIVE, DRAFT, ARCHIVED or UNLISTED as Shopify last said; None while Shopify has no such product."""
    hidden_with_vendor: Mapped[bool] = mapped_column(server_default="false")
    """Hidden by us because its vendor is paused, or because the staff took it off sale: it comes back with that."""
    aligning_since: Mapped[datetime | None]
    """Since when a job tells Shopify to show or hide it: app/products/sync.py."""
    taken_down_at: Mapped[datetime | None]
    """Since when the shop's staff keep it off sale; its status stays `published`."""
    taken_down_reason: Mapped[str | None]
    vendor_told: Mapped[str | None]
    """The vendor's name that we last told Shopify to show with the product."""
    content_told: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What Shopify was last told of it as a whole, or said itself while it was on sale, as far as staff change it,
    too: app/products/sync.py."""
    listing_key: Mapped[str] = mapped_column(server_default=text("gen_random_uuid()::text"))
    """The product's name in Shopify (metafield `$app.listing`, unique): a repeated call finds the same product."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]

    @property
    def standing(self) -> str:
        """Its status; "taken_down" of one that would be on sale if the staff did not keep it off."""
        is_off = self.status == ProductStatus.PUBLISHED and self.taken_down_at is not None
        return "taken_down" if is_off else self.status.value


def is_on_sale() -> ColumnElement[bool]:
    """Published, and not kept off sale by the staff; written out, so that the indexes of what is on sale are used."""
    published = literal(ProductStatus.PUBLISHED.value, literal_execute=True)
    return and_(Product.status == published, Product.taken_down_at.is_(None))


class Variant(Model):
    __tablename__ = "variants"
    __table_args__ = (
        UniqueConstraint("shop_id", "shopify_gid"),
        Index("ix_variants_shop_id_inventory_item_gid", "shop_id", "inventory_item_gid"),
        Index(
            "ix_variants_stock_requested_at",
            "stock_requested_at",
            postgresql_where=text("stock_requested_at IS NOT NULL"),
        ),
        Index("ix_variants_image_id", "image_id", postgresql_where=text("image_id IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(server_default="1")
    option_values: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """One value for each of the product's options, in their order."""
    price_minor: Mapped[int]
    currency: Mapped[str]
    sku: Mapped[str] = mapped_column(server_default="")
    stock: Mapped[int] = mapped_column(server_default="0")
    """What lies at all locations that vendors use: app/products/places.py."""
    stock_updated_at: Mapped[datetime | None]
    stock_requested_at: Mapped[datetime | None]
    """When the vendor set a stock that Shopify has not been told yet."""
    stock_before: Mapped[int | None]
    """What lay at the first location when the vendor set it: Shopify compares."""
    image_id: Mapped[int | None] = mapped_column(ForeignKey("product_images.id", ondelete="SET NULL"))
    """Which of the product's pictures shows it; without one, customers see the product's first."""
    picture_told: Mapped[str | None]
    """Shopify's name of the picture that we last had it shown with."""
    reviewed_price_minor: Mapped[int | None]
    """The price that a person last agreed to, while the shop's rules alone have let it change since."""
    shopify_gid: Mapped[str | None]
    inventory_item_gid: Mapped[str | None]

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class Location(Model):
    """A location of the shop, as Shopify has it."""

    __tablename__ = "locations"
    __table_args__ = (UniqueConstraint("shop_id", "shopify_gid"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    shopify_gid: Mapped[str]
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default="true")
    for_vendors: Mapped[bool] = mapped_column(server_default="false")
    """Whether vendors keep stock here, too; at the shop's first location they always do."""


class StockLevel(Model):
    """What lies of a variant at a location other than the shop's first."""

    __tablename__ = "stock_levels"
    __table_args__ = (
        UniqueConstraint("variant_id", "location_id"),
        Index("ix_stock_levels_location_id", "location_id"),
        Index(
            "ix_stock_levels_stock_requested_at",
            "stock_requested_at",
            postgresql_where=text("stock_requested_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"))
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id", ondelete="CASCADE"))
    quantity: Mapped[int] = mapped_column(server_default="0")
    stock_updated_at: Mapped[datetime | None]
    stock_requested_at: Mapped[datetime | None]
    stock_before: Mapped[int | None]


class StockCall(Model):
    """What Shopify is being told of a product's stock, written before it is told: an answer may be lost on its way."""

    __tablename__ = "stock_calls"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"), index=True)
    wishes: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    """As they were sent and nobody has read the answer yet: sent again with the same key, they happen once."""
    has_news: Mapped[bool] = mapped_column(server_default="false")
    """Shopify told of a change while a count was on its way: what lies there now is read once the count has arrived."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    again_at: Mapped[datetime | None]
    """Not before this is it tried again by itself."""
    error: Mapped[str | None]
    """Why Shopify refused."""


class ProductImage(Model):
    __tablename__ = "product_images"

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(server_default="1")
    alt: Mapped[str] = mapped_column(server_default="")
    filename: Mapped[str]
    source_url: Mapped[str]
    """The staged upload's resourceUrl until Shopify has made a file of it; empty until it is sent."""
    fetched_from: Mapped[str | None]
    """The address that a vendor's file gave, for a picture that is fetched from there and sent by us."""
    shopify_gid: Mapped[str | None]
    url: Mapped[str | None]
    """Where Shopify serves it, once it does."""
    error: Mapped[str | None]
    """Why Shopify could not use the file, for the vendor."""
    live: Mapped[bool] = mapped_column(server_default="true")
    """False: added to an edit of a product on sale, and not yet the product's own."""
    wanted: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """For a picture that a file adds to a product on sale, until it is part of an edit: {"by": who sent the file,
    "for": ids of the variants that it is to show, of new ones their values}."""
    created_at: Mapped[CreatedAt]


class ProposalStatus(StrEnum):
    WAITING = "waiting"
    CHANGES_REQUESTED = "changes_requested"
    ACCEPTED = "accepted"
    """Decided, and on its way to Shopify."""
    APPLIED = "applied"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


OPEN_PROPOSAL: Final = (ProposalStatus.WAITING, ProposalStatus.CHANGES_REQUESTED)


class ProductProposal(Model):
    """What a vendor wants to change in a product that is on sale. At most one is open, and one on its way."""

    __tablename__ = "product_proposals"
    __table_args__ = (
        Index(
            "uq_product_proposals_open",
            "product_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'changes_requested')"),
        ),
        Index("uq_product_proposals_accepted", "product_id", unique=True, postgresql_where=text("status = 'accepted'")),
        Index("ix_product_proposals_shop_id_status_sent_at", "shop_id", "status", "sent_at"),
        Index("ix_product_proposals_product_id_id", "product_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    status: Mapped[ProposalStatus] = mapped_column(server_default=ProposalStatus.WAITING)
    version: Mapped[int] = mapped_column(server_default="1")
    """Grows with each change that the vendor makes to it, so that nobody decides on what they have not seen."""
    changes: Mapped[dict[str, Any]]
    """Field → [what was on sale, what is wanted]; the fields are those of app/products/proposal_rules.py."""
    taken: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """The fields that were accepted; the others stay as they are in the shop."""
    reason: Mapped[str | None]
    """What the shop's staff, or Shopify, answered."""
    sync_error: Mapped[str | None]
    sent_by: Mapped[str]
    sent_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    """Since when a job gives variants their pictures: one that shows none now may be half done."""
    applied_at: Mapped[datetime | None]


class ImportStatus(StrEnum):
    PLANNED = "planned"
    """Read and compared; nothing is changed until its vendor says so."""
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    """Stopped half way: what was done stays, and can be undone."""
    UNDOING = "undoing"
    UNDONE = "undone"


class ProductImport(Model):
    """A vendor's file of products: what it would do, what it did, and what was undone."""

    __tablename__ = "product_imports"
    __table_args__ = (
        Index("ix_product_imports_vendor_id_id", "vendor_id", "id"),
        Index("ix_product_imports_underway", "touched_at", postgresql_where=text("status IN ('running', 'undoing')")),
    )

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    filename: Mapped[str]
    status: Mapped[ImportStatus] = mapped_column(server_default=ImportStatus.PLANNED)
    headings: Mapped[list[str]]
    unread: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Headings of columns that were not read."""
    sent_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    touched_at: Mapped[datetime | None]
    """When the job last did something: a file under way that nobody touches is taken up again."""
    finished_at: Mapped[datetime | None]


class ImportRowStatus(StrEnum):
    WAITING = "waiting"
    SKIPPED = "skipped"
    """Nothing to do: the same as it is, or wrong in the file."""
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    KEPT = "kept"
    """Could not be undone; `words` say why."""


class ProductImportRow(Model):
    """One product of a file."""

    __tablename__ = "product_import_rows"
    __table_args__ = (Index("ix_product_import_rows_import_id_position", "import_id", "position"),)

    id: Mapped[Id]
    shop_id: Mapped[ShopId]
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendors.id", ondelete="CASCADE"))
    import_id: Mapped[int] = mapped_column(ForeignKey("product_imports.id", ondelete="CASCADE"))
    position: Mapped[int]
    title: Mapped[str]
    action: Mapped[str]
    """create, change, same or bad."""
    status: Mapped[ImportRowStatus] = mapped_column(server_default=ImportRowStatus.WAITING)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id", ondelete="SET NULL"), index=True)
    lines: Mapped[list[Any]] = mapped_column(JSONB)
    """[[line number, [cells]]] as they were in the file."""
    item: Mapped[dict[str, Any]]
    """What it says, as app/products/imports/items.py reads it."""
    mistakes: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Field → [what was there, what is wanted]: the plan first, then what was really done."""
    added: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Variants that it adds: their values; when it is done, their ids."""
    words: Mapped[str] = mapped_column(server_default="")
    """What became of it."""
