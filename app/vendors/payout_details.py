"""Where a vendor's money goes: encrypted at rest, shown only as its last four characters, and held after a change.

Whoever gets into a vendor's mail could send the next payout to themselves. So a change is told to the vendor at once,
and nothing is paid for 72 hours.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session
from stdnum import iban as iban_numbers
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as InvalidNumber

from app import audit, clock, crypto
from app.config import get_config
from app.emails.service import queue_email
from app.errors import ValidationErrors
from app.models.vendors import Vendor
from app.vendors.rules import PAYOUT_DETAILS_HOLD


@dataclass(frozen=True, slots=True)
class PayoutDetails:
    """A bank account. Neither value appears in a repr."""

    iban: str = field(repr=False)
    holder: str = field(repr=False)


def check_iban(text: str) -> str:
    """The IBAN without blanks, upper case. Raises ValueError with a sentence that says what to mend."""
    compact = iban_numbers.compact(text).upper()
    try:
        checked: str = iban_numbers.validate(compact)
    except InvalidChecksum:
        raise ValueError("This IBAN has a typing mistake: its check digits do not fit. Compare it again.") from None
    except InvalidNumber:
        raise ValueError(
            "This is not a complete IBAN. It starts with two letters for the country, as on your bank statement."
        ) from None
    return checked


def format_iban(compact: str) -> str:
    """In groups of four, as on paper."""
    formatted: str = iban_numbers.format(compact)
    return formatted


def held_until(vendor: Vendor) -> datetime | None:
    """The moment from which the vendor may be paid again after a change of details; None when that is over."""
    if vendor.payout_changed_at is None:
        return None
    end = vendor.payout_changed_at + PAYOUT_DETAILS_HOLD
    return end if end > clock.now() else None


def find_payout_details(vendor: Vendor) -> PayoutDetails | None:
    """The account, decrypted, for whoever writes the bank file. Raises ValueError when no key of ours fits."""
    if vendor.payout_iban is None or vendor.payout_holder is None:
        return None
    keys = get_config().secret_keys
    return PayoutDetails(crypto.decrypt(vendor.payout_iban, keys), crypto.decrypt(vendor.payout_holder, keys))


def change_payout_details(session: Session, vendor: Vendor, details: PayoutDetails, *, actor: str) -> bool:
    """Store new details, start the hold and tell the vendor. False: they are the ones we have, nothing happens.

    Raises ValidationErrors for an IBAN that is none.
    """
    try:
        details = PayoutDetails(check_iban(details.iban), details.holder)
    except ValueError as error:
        raise ValidationErrors({"iban": str(error)}) from None
    if find_payout_details(vendor) == details:
        return False
    keys, now, before = get_config().secret_keys, clock.now(), vendor.payout_last4
    vendor.payout_iban = crypto.encrypt(details.iban, keys)
    vendor.payout_holder = crypto.encrypt(details.holder, keys)
    vendor.payout_last4, vendor.payout_changed_at, vendor.updated_at = details.iban[-4:], now, now
    audit.record(
        session,
        vendor.shop_id,
        "vendor.change_payout_details",
        ("vendor", vendor.id),
        actor=actor,
        vendor_id=vendor.id,
        changes={"payout_last4": [before, vendor.payout_last4]},
    )
    _tell(session, vendor, now)
    return True


def _tell(session: Session, vendor: Vendor, now: datetime) -> None:
    context = {
        "vendor_name": vendor.name,
        "link": f"{get_config().app_url}/portal/payout-details",
        "hold_hours": int(PAYOUT_DETAILS_HOLD.total_seconds() // 3600),
    }
    key = f"vendor_payout_details_changed:{vendor.id}:{now.isoformat()}"
    queue_email(
        session,
        vendor.shop_id,
        "vendor_payout_details_changed",
        vendor.email,
        context,
        vendor_id=vendor.id,
        dedupe_key=key,
    )
