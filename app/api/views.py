"""The merchant's tokens: make one, see when each was used, end one. Vendors' tokens stand beside them."""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.api.forms import TokenForm
from app.auth import api, merchant
from app.auth.scopes import offered, summarise
from app.config import get_config

bp = Blueprint("api_tokens", __name__, url_prefix="/app/api")
merchant.protect(bp)


@bp.get("")
def list_tokens() -> ResponseReturnValue:
    return _page(_form())


@bp.post("")
def make_token() -> ResponseReturnValue:
    """The answer is the only page that ever shows the token."""
    form = _form(bound=True)
    if not form.validate():
        return _page(form, status=422)
    _, secret = api.make_token(
        g.session, g.shop.id, form.name.data or "", form.chosen(), actor=_actor(), expires_at=form.expires_at()
    )
    return web.toast(_page(_form(), secret=secret), "Token made")


@bp.post("/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    token = api.revoke_token(g.session, token_id, actor=_actor())
    return web.toast(_page(_form()), f"“{token.name}” is revoked")


def _form(*, bound: bool = False) -> TokenForm:
    given = offered(to_vendor=False, has_clock=clock.can_be_moved())
    return TokenForm(request.form if bound else None, offered=given)


def _page(form: TokenForm, *, secret: str | None = None, status: int = 200) -> Response:
    html = render_template(
        "merchant/api.html",
        form=form,
        secret=secret,
        rows=api.list_tokens(g.session),
        now=clock.now(),
        summarise=summarise,
        base=f"{get_config().app_url}/api/v1",
    )
    return Response(html, status=status, mimetype="text/html")


def _actor() -> str:
    return f"staff:{g.staff}"
