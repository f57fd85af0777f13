"""The merchant's settings."""

from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.dialects.postgresql import array

from app import web
from app.appearance.colour import LIGHT, accent_for
from app.auth import meanwhile, merchant
from app.config import get_config
from app.errors import NotFound
from app.models.events import AuditEntry
from app.money import Money
from app.shops import queries, service
from app.shops.forms import SettingsForm

bp = Blueprint("shops", __name__, url_prefix="/app")
merchant.protect(bp)

_ELSEWHERE: Final = ("channels", "locations", "newcomer_role")
"""What has forms of its own."""
_SAVES: Final = meanwhile.saves_of_amounts("settings.change", which=~AuditEntry.changes.has_any(array(_ELSEWHERE)))


@bp.get("/settings")
def settings() -> ResponseReturnValue:
    held = queries.get_settings(g.session, g.shop.id)
    return _settings_page(SettingsForm(shop=g.shop, settings=held))


@bp.post("/settings")
def change_settings() -> ResponseReturnValue:
    meanwhile.refuse_second(_SAVES)
    held = queries.get_settings(g.session, g.shop.id)
    form = SettingsForm(request.form, shop=g.shop, settings=held)
    if not form.validate():
        return _settings_page(form), 422
    changes = service.change_settings(g.session, g.shop, form, actor=merchant.actor())
    fresh = SettingsForm(shop=g.shop, settings=queries.get_settings(g.session, g.shop.id))
    return web.toast(_settings_page(fresh), "Settings saved" if changes else "Nothing had changed")


def _settings_page(form: SettingsForm) -> str:
    held = queries.get_settings(g.session, g.shop.id)
    history = queries.list_settings_changes(g.session)
    rate = queries.find_default_rate(g.session, g.shop)
    return render_template(
        "merchant/settings.html",
        form=form,
        seen=meanwhile.mark(_SAVES),
        held=held,
        history=history,
        minor=lambda amount, at: Money(amount, g.shop.currency_at(at)),
        accent=accent_for(held.accent_color, LIGHT),
        rate=rate,
        portal_url=get_config().portal_url,
    )


@bp.get("/<path:missing>")
def show_nothing(missing: str) -> ResponseReturnValue:
    """An address that is not there is refused behind the door, so that the admin may frame the answer."""
    raise NotFound(f"There is nothing at /app/{missing}. It may have moved, or the link may be incomplete.")
