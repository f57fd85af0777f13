"""Questions that nobody stood up for."""

from app.questions import service


def remove_unconfirmed() -> None:
    """Every day."""
    service.remove_unconfirmed()
