"""What the published theme of a shop has of our blocks, as it was last read."""

from datetime import datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.mapping import CreatedAt, Model


class ThemeLook(Model):
    """One row for each shop that lets us read its themes."""

    __tablename__ = "theme_looks"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True)
    theme_gid: Mapped[str | None]
    theme_name: Mapped[str] = mapped_column(server_default="")
    blocks: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Handles of our blocks that stand in it and are switched on."""
    lost: Mapped[list[str]] = mapped_column(server_default=text("'[]'"))
    """Those that the theme before it had and this one has not, until they are added or given up."""
    asked_at: Mapped[CreatedAt]
    """When Shopify last said that a theme was published, or a person asked."""
    read_at: Mapped[datetime | None]
    """When the reading began whose answer stands here."""
    is_too_large: Mapped[bool] = mapped_column(server_default="false")
    """The last reading did not see all of it: blocks and name are those of the reading before."""
