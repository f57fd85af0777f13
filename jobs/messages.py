"""Customers' answers by e-mail."""

from app.messages import receiving, service


def fetch_mail(shop_id: int, number: int) -> None:
    receiving.fetch(shop_id, number)


def sweep_mails() -> None:
    receiving.sweep()


def remove_old() -> None:
    service.remove_old()
