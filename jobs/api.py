"""Jobs of the API."""

from app.api.idempotency import forget_old_answers


def sweep() -> None:
    """Forget answers that nobody asks for again."""
    forget_old_answers()
