"""Other systems that hear what happens: a warehouse, an accounting program, anything with an address."""

from typing import Final

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app import web
from app.auth import merchant
from app.config import get_config
from app.errors import NotFound
from app.hooks import queries, service
from app.hooks.forms import HookForm
from app.hooks.kinds import GROUPS, KINDS
from app.models.hooks import CallState, Hook

bp = Blueprint("hooks", __name__, url_prefix="/app/hooks")
merchant.protect(bp)

STATES: Final = {
    CallState.QUEUED: ("Waiting", "info"),
    CallState.SENT: ("Sent", "success"),
    CallState.FAILED: ("Failed", "critical"),
}


@bp.get("")
def list_hooks() -> ResponseReturnValue:
    return _list_page(HookForm())


@bp.post("")
def add_hook() -> ResponseReturnValue:
    form = HookForm(request.form)
    if not form.validate():
        return _list_page(form), 422
    hook, secret = service.add_hook(g.session, g.shop, str(form.url.data), _kinds(form), actor=merchant.actor())
    return web.toast(_hook_page(hook, secret=secret), "Address added")


@bp.get("/<int:hook_id>")
def show_hook(hook_id: int) -> ResponseReturnValue:
    return _hook_page(_get(hook_id))


@bp.post("/<int:hook_id>")
def change_hook(hook_id: int) -> ResponseReturnValue:
    hook, form = _get(hook_id), HookForm(request.form)
    if not form.validate():
        return _hook_page(hook, form=form), 422
    service.change_hook(g.session, hook, str(form.url.data), _kinds(form), actor=merchant.actor())
    return web.toast(_hook_page(hook), "Saved")


@bp.post("/<int:hook_id>/secret")
def renew_secret(hook_id: int) -> ResponseReturnValue:
    hook = _get(hook_id)
    secret = service.renew_secret(g.session, hook, actor=merchant.actor())
    return web.toast(_hook_page(hook, secret=secret), "Calls are signed with the new secret")


@bp.post("/<int:hook_id>/pause")
def pause_hook(hook_id: int) -> ResponseReturnValue:
    hook = _get(hook_id)
    service.switch_hook(g.session, hook, on=False, actor=merchant.actor())
    return web.toast(_hook_page(hook), "Paused")


@bp.post("/<int:hook_id>/resume")
def resume_hook(hook_id: int) -> ResponseReturnValue:
    hook = _get(hook_id)
    service.switch_hook(g.session, hook, on=True, actor=merchant.actor())
    return web.toast(_hook_page(hook), "It hears of events again")


@bp.post("/<int:hook_id>/remove")
def remove_hook(hook_id: int) -> ResponseReturnValue:
    service.remove_hook(g.session, _get(hook_id), actor=merchant.actor())
    g.session.flush()
    return web.toast(_list_page(HookForm()), "Address removed")


@bp.post("/<int:hook_id>/test")
def send_test(hook_id: int) -> ResponseReturnValue:
    hook = _get(hook_id)
    service.send_test(g.session, hook)
    g.session.flush()
    return web.toast(_hook_page(hook), "A test is on its way")


@bp.post("/<int:hook_id>/again")
def send_failed_again(hook_id: int) -> ResponseReturnValue:
    hook = _get(hook_id)
    count = service.send_failed_again(g.session, hook, actor=merchant.actor())
    return web.toast(_hook_page(hook), "1 call is sent again" if count == 1 else f"{count} calls are sent again")


@bp.post("/calls/<int:call_id>/again")
def send_again(call_id: int) -> ResponseReturnValue:
    call = service.send_again(g.session, g.shop, call_id, actor=merchant.actor())
    return web.toast(_hook_page(_get(call.hook_id)), "The call is sent again")


def _get(hook_id: int) -> Hook:
    hook = queries.find_hook(g.session, g.shop, hook_id)
    if hook is None:
        raise NotFound("There is no such address.")
    return hook


def _list_page(form: HookForm) -> str:
    hooks = queries.list_hooks(g.session, g.shop)
    docs = f"{get_config().app_url}/api/v1/docs"
    return render_template("merchant/hooks/list.html", hooks=hooks, form=form, groups=GROUPS, docs=docs)


def _hook_page(hook: Hook, *, form: HookForm | None = None, secret: str = "") -> str:
    state = request.args.get("state", "")
    page = queries.list_calls(g.session, hook, state, web.read_place())
    return render_template(
        "merchant/hooks/hook.html",
        hook=hook,
        form=form or HookForm(url=hook.url, kinds=hook.kinds),
        groups=GROUPS,
        kinds=KINDS,
        secret=secret,
        page=page,
        failed=queries.count_failed(g.session, hook),
        waiting=any(call.state is CallState.QUEUED and not call.attempts for call in page.rows),
        states=STATES,
        state=state,
    )


def _kinds(form: HookForm) -> list[str]:
    return [kind for kind in KINDS if kind in (form.kinds.data or ())]
