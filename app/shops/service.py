"""What a merchant changes in the shop itself."""

from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock
from app.appearance.colour import DEFAULT_ACCENT, parse_colour
from app.models.shops import Shop, ShopSettings
from app.shops.forms import SettingsForm


def change_settings(session: Session, shop: Shop, form: SettingsForm, *, actor: str) -> dict[str, Any]:
    """Take over a validated form and write what changed to the audit trail. Returns the changes, empty when none."""
    settings = session.get_one(ShopSettings, shop.id, with_for_update=True)
    wanted: dict[str, Any] = {
        "auto_approve_vendors": form.auto_approve_vendors.data,
        "auto_approve_products": form.auto_approve_products.data,
        "price_band_bps": (form.price_band.data or 0) * 100,
        "vendors_may_cancel": form.vendors_may_cancel.data,
        "vendors_are_collected": form.vendors_are_collected.data,
        "buyer_days": form.buyer_days.data,
        "review_days": form.review_days.data or 0,
        "hold_days": form.hold_days.data,
        "payout_minimum_minor": form.minimum.minor,
        "mail_from_name": (form.mail_from_name.data or "").strip() or None,
        "terms_text": (form.terms_text.data or "").replace("\r\n", "\n").strip(),
        "accent_color": parse_colour(form.accent_color.data) or DEFAULT_ACCENT,
        "logo_url": form.logo_url.data or None,
    }
    changes = {name: [getattr(settings, name), new] for name, new in wanted.items() if getattr(settings, name) != new}
    if not changes:
        return {}
    if "terms_text" in changes:
        # Sellers accepted a version; which words it had is in the audit trail.
        wanted["terms_version"] = str(int(settings.terms_version) + 1)
        changes["terms_version"] = [settings.terms_version, wanted["terms_version"]]
    for name, new in wanted.items():
        setattr(settings, name, new)
    settings.updated_at = clock.now()
    audit.record(session, shop.id, "settings.change", ("shop", shop.id), actor=actor, changes=changes)
    return changes


def change_waits(session: Session, shop: Shop, *, hold_days: int, payout_minimum_minor: int, actor: str) -> None:
    """How long money waits after the parcel, and how much there has to be for a payout."""
    settings = session.get_one(ShopSettings, shop.id, with_for_update=True)
    wanted = {"hold_days": hold_days, "payout_minimum_minor": payout_minimum_minor}
    changes = {name: [getattr(settings, name), new] for name, new in wanted.items() if getattr(settings, name) != new}
    if changes:
        settings.hold_days, settings.payout_minimum_minor = hold_days, payout_minimum_minor
        settings.updated_at = clock.now()
        audit.record(session, shop.id, "settings.change", ("shop", shop.id), actor=actor, changes=changes)
