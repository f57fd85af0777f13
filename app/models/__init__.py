"""All tables. Importing this package maps every one of them."""

from app.models import emails, events, products, shops, vendors

__all__ = ["emails", "events", "products", "shops", "vendors"]
