"""Calls to other systems, in the queue `calls`: a server that never answers keeps no webhook and no e-mail waiting."""

from app.hooks import service


def send(shop_id: int, call_id: int) -> None:
    service.send(shop_id, call_id)


def sweep() -> None:
    """Every ten seconds: ring again for what waits."""
    service.sweep()


def clean_up() -> None:
    """Every day: calls of long ago."""
    service.clean_up()
