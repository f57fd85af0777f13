"""The queue `emails`: ids in, one service call, done."""

from app.emails import service


def send_email(shop_id: int, email_id: int) -> None:
    service.send(shop_id, email_id)


def sweep_emails() -> None:
    """Every minute: ring again for what waits."""
    service.sweep()
