"""The merchant decides what customers may choose to get, and sees how many did."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import meanwhile, merchant
from app.mailings import queries, rules, service
from app.mailings.forms import MailingSettingsForm
from app.models.events import AuditEntry

bp = Blueprint("mailings", __name__, url_prefix="/app/settings/mailings")
merchant.protect(bp)

_SAVES = AuditEntry.action == "mailings.settings"


@bp.get("")
def show_settings() -> ResponseReturnValue:
    return _page(MailingSettingsForm(obj=queries.get_settings(g.session, g.shop.id)))


@bp.post("")
def change_settings() -> ResponseReturnValue:
    meanwhile.refuse_second(_SAVES)
    form = MailingSettingsForm(request.form)
    if not form.validate():
        return _page(form), 422
    is_new = service.change_settings(g.session, g.shop.id, form.data, actor=merchant.actor())
    return web.toast(_page(form), "Settings saved" if is_new else "Nothing had changed")


def _page(form: MailingSettingsForm) -> str:
    figures = queries.count_figures(g.session, g.shop.id)
    seen = meanwhile.mark(_SAVES)
    return render_template("merchant/mailings.html", form=form, figures=figures, kind_of=rules.KIND_OF, seen=seen)
