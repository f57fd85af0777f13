"""The merchant hears that the books do not agree with something."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import get_config
from app.emails.service import queue_email
from app.events import publish
from app.models.books import Difference, Proof
from app.models.shops import Shop

_NAMED: Final = 10


def tell_merchant(session: Session, proof: Proof) -> None:
    """One e-mail for a proof that found something new."""
    publish(session, proof.shop_id, "BooksDiffer", proof_id=proof.id)
    shop = session.get_one(Shop, proof.shop_id)
    if not shop.email:
        return
    newest = select(Difference).where(Difference.shop_id == shop.id, Difference.cleared_at.is_(None))
    rows = session.scalars(newest.order_by(Difference.found_at.desc(), Difference.id.desc()).limit(_NAMED)).all()
    context = {
        "count": proof.found,
        "differences": [f"{row.order_name}: {row.words}" if row.order_name else row.words for row in rows],
        "link": get_config().admin_app_url(shop.domain, "/app/reconciliation"),
    }
    key = f"merchant_books_differ:{proof.id}"
    queue_email(session, shop.id, "merchant_books_differ", shop.email, context, dedupe_key=key)
