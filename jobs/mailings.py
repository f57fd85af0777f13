"""E-mails that customers chose."""

from app.mailings import sending, service


def look_where_due() -> None:
    """Every minute: subscribers at whose lists nobody looked for an hour."""
    sending.look_where_due()


def remove_old() -> None:
    """Every day."""
    service.remove_old()
