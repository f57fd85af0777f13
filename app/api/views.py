"""The merchant's tokens: make one, see when each was used, end one. Vendors' tokens stand beside them."""

from collections.abc import Sequence

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import clock, web
from app.api.forms import TokenForm
from app.auth import api, merchant
from app.auth.scopes import offered, summarise
from app.config import get_config
from app.errors import NotFound
from app.keyset import Page, Place
from app.outcomes import Outcome

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
        return _page(form), 422
    _, secret = api.make_token(
        g.session, g.shop.id, form.name.data or "", form.chosen(), actor=merchant.actor(), expires_at=form.expires_at()
    )
    return web.toast(_page(_form(), secret=secret), "Token made")


@bp.post("/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    token = api.revoke_token(g.session, token_id, actor=merchant.actor())
    return web.toast(_page(_form()), f"“{token.name}” is revoked")


@bp.post("/together")
def revoke_together() -> ResponseReturnValue:
    """End every token that was ticked."""
    return web.answer_together(
        lambda results: _page(_form(), results=results), [_revoke_one(number) for number in web.read_ticked("token")]
    )


@bp.get("/export.csv")
def export_tokens() -> ResponseReturnValue:
    """What the list shows, up to 5,000 tokens."""
    heading = ["name", "vendor", "ends_in", "may", "made_at", "last_used_at", "good_until", "revoked_at"]
    return web.download_sheet("tokens.csv", heading, map(_cells, web.every_row(_find)))


def _cells(row: api.Row) -> list[object]:
    token = row.token
    moments = [token.created_at, token.last_used_at, token.expires_at, token.revoked_at]
    return [token.name, row.vendor_name or "", token.last4, " ".join(token.scopes), *moments]


def _revoke_one(token_id: int) -> Outcome:
    try:
        token = api.revoke_token(g.session, token_id, actor=merchant.actor())
    except NotFound as error:
        return Outcome(is_done=False, words=error.message)
    return Outcome(is_done=True, words="Revoked.", title=f"“{token.name}”")


def _find(place: Place) -> Page[api.Row]:
    args = request.args
    return api.find_tokens(g.session, search=web.read_search(), state=args.get("state", ""), place=place)


def _form(*, bound: bool = False) -> TokenForm:
    given = offered(to_vendor=False, has_clock=clock.can_be_moved())
    return TokenForm(request.form if bound else None, offered=given)


def _page(form: TokenForm, *, results: Sequence[Outcome] = (), secret: str | None = None) -> str:
    return render_template(
        "merchant/api.html",
        form=form,
        secret=secret,
        page=_find(web.read_place()),
        results=results,
        now=clock.now(),
        summarise=summarise,
        base=f"{get_config().app_url}/api/v1",
    )
