"""What customers keep in the shop lasts its time (app/storefront/rules.py), then it goes."""

from app.storefront import service


def remove_expired() -> None:
    service.remove_expired()
