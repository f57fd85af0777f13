"""Proving the books, and reading an order again; they ride in the queue `payouts`, as what they hold back does."""

import time
from typing import Final

from app.books import proof, service
from app.ledger import closing
from app.ledger.rules import UnbalancedError
from app.shopify.errors import ShopifyError
from jobs import events

_LOOKS: Final = 5


def prove(shop_id: int, proof_id: int) -> None:
    proof.prove(shop_id, proof_id)


def ask_where_due() -> None:
    """Every hour: shops whose night's proof is due."""
    service.ask_where_due()


def sweep() -> None:
    """Every minute: proofs that were left behind."""
    proof.sweep()


def close() -> None:
    """Every few minutes: add the balances up."""
    closing.close()


def reread(shop_id: int, difference_id: int) -> None:
    """Read the order again; its news takes the way of all news, so look a few times until it has arrived."""
    error: str | None = "Something on our side failed, and nothing was changed. It stands in the log."
    try:
        service.bring_in_news(shop_id, difference_id)
        for look in range(_LOOKS):
            events.drain()
            if service.look_again(shop_id, difference_id):
                break
            time.sleep(0.2 * look)
        error = None
    except ShopifyError as refusal:
        error = f"Shopify could not be asked: {refusal.message}"
    except UnbalancedError:
        error = "Its bookings were changed past the program, so nothing can be booked on top of them."
    finally:
        # Whatever happened: nobody waits for an answer that does not come.
        service.finish_rereading(shop_id, difference_id, error)
