"""A vendor's tokens, for programs that work with this vendor's things only."""

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.api.forms import TokenForm
from app.auth import api, portal
from app.auth.scopes import offered, summarise
from app.config import get_config
from app.languages import _

bp = Blueprint("portal_api", __name__, url_prefix="/portal/api")
portal.protect(bp)


@bp.get("")
def list_tokens() -> ResponseReturnValue:
    return _page(_form())


@bp.post("")
def make_token() -> ResponseReturnValue:
    """The answer is the only page that ever shows the token."""
    form = _form(bound=True)
    if not form.validate():
        return _page(form), 422
    _, secret = api.make_token(
        g.session,
        g.shop.id,
        form.name.data or "",
        form.chosen(),
        actor=portal.actor(),
        vendor_id=g.vendor.id,
        expires_at=form.expires_at(),
    )
    return _page(_form(), secret=secret)


@bp.post("/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    token = api.revoke_token(g.session, token_id, actor=portal.actor())
    flash(_("“%(name)s” is revoked. Whatever used it is refused from now on.", name=token.name), "good")
    return redirect("/portal/api", 303)


def _form(*, bound: bool = False) -> TokenForm:
    return TokenForm(request.form if bound else None, offered=offered(to_vendor=True, has_clock=False))


def _page(form: TokenForm, *, secret: str | None = None) -> str:
    return render_template(
        "portal/api.html",
        form=form,
        secret=secret,
        rows=api.list_tokens(g.session),
        now=clock.now(),
        summarise=summarise,
        base=f"{get_config().app_url}/api/v1",
    )
