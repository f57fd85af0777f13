"""Where a vendor's money goes: encrypted at rest, shown only in part, and held while it is new.

Whoever finds a vendor's portal open could send the next payout to themselves: so a change waits for a link in a mail.
Whoever gets into the vendor's mail, too, could still do it: so the vendor is told, and nothing is paid for 72 hours.
"""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session
from stdnum import iban as iban_numbers
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as InvalidNumber

from app import audit, clock, crypto
from app.config import get_config
from app.emails.service import queue_email
from app.errors import ValidationErrors
from app.languages import _, later
from app.models.vendors import Vendor
from app.vendors.rules import PAYOUT_DETAILS_HOLD

_CONFIRM_WITHIN: Final = timedelta(hours=24)
_SHORTEST_IBAN: Final = 15
"""Norway's."""
_STRIPE_ACCOUNT: Final = re.compile(r"acct_[A-Za-z0-9]{10,}")


@dataclass(frozen=True, slots=True)
class PayoutDetails:
    """An account and the way to it. Neither account nor holder appears in a repr."""

    account: str = field(repr=False)
    """IBAN, PayPal address or Stripe account."""
    holder: str = field(repr=False)
    rail: str = "bank"


def check_iban(text: str) -> str:
    """The IBAN without blanks, upper case. Raises ValueError with a sentence that says what to mend."""
    compact = iban_numbers.compact(text).upper()
    try:
        checked: str = iban_numbers.validate(compact)
    except InvalidNumber as error:
        if isinstance(error, InvalidChecksum) and len(compact) >= _SHORTEST_IBAN:
            words = _("This IBAN has a typing mistake: its check digits do not fit. Compare it again.")
        else:
            words = _(
                "This is not a complete IBAN. It starts with two letters for the country, as on your bank statement."
            )
        raise ValueError(words) from None
    return checked


def check_account(rail: str, text: str) -> str:
    """The account as the rail wants it. Raises ValueError with a sentence that says what to mend."""
    if rail == "paypal":
        try:
            return validate_email(text.strip(), check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            raise ValueError(_("This is no e-mail address. Enter the one that your PayPal account has.")) from None
    if rail == "stripe":
        if not _STRIPE_ACCOUNT.fullmatch(text.strip()):
            raise ValueError(
                _("A Stripe account begins with acct_. You find it in your Stripe settings, under Business.")
            )
        return text.strip()
    return check_iban(text)


def shown_part(rail: str, account: str) -> str:
    """What may be shown of an account: a PayPal address with its middle hidden, or the last four characters."""
    if rail != "paypal":
        return account[-4:]
    name, _, domain = account.partition("@")
    return f"{name[:1]}…@{domain}"


def held_until(vendor: Vendor) -> datetime | None:
    """The moment from which the vendor may be paid to details that are new; None when that is over."""
    if vendor.payout_changed_at is None:
        return None
    end = vendor.payout_changed_at + PAYOUT_DETAILS_HOLD
    return end if end > clock.now() else None


def find_payout_details(vendor: Vendor) -> PayoutDetails | None:
    """The account, decrypted, for whoever writes the bank file. Raises ValueError when no key of ours fits."""
    if vendor.payout_account is None or vendor.payout_holder is None:
        return None
    keys = get_config().secret_keys
    account, holder = (crypto.decrypt(blob, keys) for blob in (vendor.payout_account, vendor.payout_holder))
    return PayoutDetails(account, holder, vendor.payout_rail)


def ask_to_change(session: Session, vendor: Vendor, details: PayoutDetails, *, actor: str) -> str:
    """New details from the portal. Returns "changed", "same", or "asked": a change waits for the link in an e-mail.

    The first details replace nothing, so they are stored at once. Payouts wait for 72 hours either way: a stranger may
    have been faster than the vendor.
    Raises ValidationErrors for an account that is none.
    """
    if vendor.payout_account is None:
        return "changed" if change_payout_details(session, vendor, details, actor=actor) else "same"
    details = _checked(details)
    if find_payout_details(vendor) == details:
        return "same"
    token, now = crypto.new_token(), clock.now()
    vendor.payout_waiting = crypto.encrypt(json.dumps(asdict(details)), get_config().secret_keys)
    vendor.payout_waiting_hash, vendor.payout_waiting_at = crypto.hash_token(token), now
    subject = ("vendor", vendor.id)
    audit.record(session, vendor.shop_id, "vendor.ask_payout_details", subject, actor=actor, vendor_id=vendor.id)
    context = {
        "vendor_name": vendor.name,
        "link": f"{get_config().portal_url}/portal/payout-details/confirm/{token}",
        "destination": later(describe, details.rail, shown_part(details.rail, details.account)),
    }
    kind, key = "vendor_payout_details_confirm", f"vendor_payout_details_confirm:{vendor.id}:{now.isoformat()}"
    queue_email(session, vendor.shop_id, kind, vendor.email, context, vendor_id=vendor.id, dedupe_key=key)
    return "asked"


def find_waiting(vendor: Vendor, token: str | None = None) -> PayoutDetails | None:
    """Details that wait to be confirmed, by whoever holds the token; None when there are none, or it is too late."""
    if vendor.payout_waiting is None or vendor.payout_waiting_at is None:
        return None
    is_theirs = token is None or vendor.payout_waiting_hash == crypto.hash_token(token)
    if not is_theirs or clock.now() - vendor.payout_waiting_at > _CONFIRM_WITHIN:
        return None
    return PayoutDetails(**json.loads(crypto.decrypt(vendor.payout_waiting, get_config().secret_keys)))


def confirm(session: Session, vendor: Vendor, token: str, *, actor: str) -> bool:
    """Carry out the change that waits. False: it was confirmed already, replaced, or is older than a day."""
    details = find_waiting(vendor, token)
    if details is None:
        return False
    _forget_waiting(vendor)
    return change_payout_details(session, vendor, details, actor=actor)


def drop(session: Session, vendor: Vendor, *, actor: str) -> None:
    """The change that waits is not wanted."""
    if vendor.payout_waiting is not None:
        _forget_waiting(vendor)
        subject = ("vendor", vendor.id)
        audit.record(session, vendor.shop_id, "vendor.drop_payout_details", subject, actor=actor, vendor_id=vendor.id)


def _forget_waiting(vendor: Vendor) -> None:
    vendor.payout_waiting = vendor.payout_waiting_hash = vendor.payout_waiting_at = None


def describe(rail: str, shown: str) -> str:
    """Such as "your account ending in 3000" or "your PayPal account a…@example.com"."""
    if rail == "paypal":
        return _("your PayPal account %(shown)s", shown=shown)
    if rail == "stripe":
        return _("your Stripe account ending in %(shown)s", shown=shown)
    return _("your account ending in %(shown)s", shown=shown)


def _checked(details: PayoutDetails) -> PayoutDetails:
    try:
        return replace(details, account=check_account(details.rail, details.account))
    except ValueError as error:
        raise ValidationErrors({"account": str(error)}) from None


def change_payout_details(session: Session, vendor: Vendor, details: PayoutDetails, *, actor: str) -> bool:
    """Store new details, start the hold and tell the vendor. False: they are the ones we have, nothing happens.

    Raises ValidationErrors for an account that is none.
    """
    details = _checked(details)
    if find_payout_details(vendor) == details:
        return False
    keys, now, before = get_config().secret_keys, clock.now(), vendor.payout_last4
    vendor.payout_rail, shown = details.rail, shown_part(details.rail, details.account)
    vendor.payout_account = crypto.encrypt(details.account, keys)
    vendor.payout_holder = crypto.encrypt(details.holder, keys)
    vendor.payout_last4, vendor.updated_at = shown, now
    # A clock that went back shortens no hold; the database refuses it.
    vendor.payout_changed_at = max(now, (vendor.payout_changed_at or now) + timedelta(microseconds=1))
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
        "link": f"{get_config().portal_url}/portal/payout-details",
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
