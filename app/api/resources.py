"""Every resource, so that importing this registers every address."""

from app.api import me, vendors
from app.api.operations import bp

__all__ = ["bp", "me", "vendors"]
