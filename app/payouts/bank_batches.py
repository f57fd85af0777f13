"""What a batch's bank files say.

A bank tells files apart by their message id, so one id has one content: the first file that names the account that pays
fixes it, the day and the shop's name for all later ones, whatever is changed in the settings since.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import audit
from app.commissions.queries import get_settings
from app.config import get_config
from app.crypto import decrypt, encrypt
from app.errors import AppError, Conflict
from app.models.payouts import PayoutBatch
from app.models.shops import Shop
from app.payouts import queries
from app.payouts.bank_files import Batch, Payer, Transfer


@dataclass(frozen=True, slots=True)
class _Head:
    """What the settings say, not the payouts."""

    payer: str
    iban: str
    bic: str
    shop: str
    pay_on: str


def read(session: Session, shop: Shop, batch: PayoutBatch) -> Batch:
    """For a table, which does not name the account that pays. Raises Conflict before the file was made.

    And after payouts of it were booked back, for a later batch pays them.
    """
    payouts = queries.list_in_file(session, batch)
    if queries.was_booked_back(session, batch):
        raise Conflict("Payouts of this file were booked back: the bank would pay them twice. A later batch pays them.")
    head = _find_kept(batch) or _head_of_now(session, shop, batch)
    keys = get_config().secret_keys
    assert batch.file_made_at
    return Batch(
        message_id=f"STALLKEEPER-{shop.id}-{batch.number}",
        made_at=batch.file_made_at,
        pay_on=date.fromisoformat(head.pay_on),
        currency=batch.currency,
        payer=Payer(head.payer, head.iban, head.bic),
        transfers=[
            Transfer(
                reference=payout.reference,
                holder=decrypt(payout.holder, keys),
                iban=decrypt(payout.account, keys),
                amount=payout.amount.decimal,
                message=f"{head.shop} payout {payout.reference}",
            )
            for payout in payouts
        ],
    )


def read_for_bank(session: Session, shop: Shop, batch: PayoutBatch, *, actor: str) -> Batch:
    """For a file that names the account that pays. Raises AppError without one, Conflict as `read`."""
    session.refresh(batch, with_for_update=True)  # of two downloads at once the second says what the first did
    content = read(session, shop, batch)
    if not content.payer.iban:
        raise AppError("Enter the account that pays on the payouts page first, then take the file.")
    if batch.file_head is None:
        head = json.dumps(asdict(_head_of_now(session, shop, batch)))
        batch.file_head = encrypt(head, get_config().secret_keys)
        audit.record(session, shop.id, "payout_batch.take_file", ("payout_batch", batch.id), actor=actor)
    return content


def find_payer(batch: PayoutBatch) -> str | None:
    """The end of the account that the batch's bank files name; None while none was taken."""
    head = _find_kept(batch)
    return head.iban[-4:] if head else None


def _find_kept(batch: PayoutBatch) -> _Head | None:
    if batch.file_head is None:
        return None
    return _Head(**json.loads(decrypt(batch.file_head, get_config().secret_keys)))


def _head_of_now(session: Session, shop: Shop, batch: PayoutBatch) -> _Head:
    settings = get_settings(session, shop.id)
    assert batch.file_made_at
    return _Head(
        payer=settings.payer_name or shop.name,
        iban=decrypt(settings.payer_iban, get_config().secret_keys) if settings.payer_iban else "",
        bic=settings.payer_bic,
        shop=shop.name,
        pay_on=batch.file_made_at.astimezone(ZoneInfo(shop.timezone)).date().isoformat(),
    )
