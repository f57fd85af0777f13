"""The merchant's first page."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from app import clock
from app.auth import merchant
from app.home import queries

bp = Blueprint("home", __name__, url_prefix="/app")
merchant.protect(bp)


@bp.get("/", strict_slashes=False)
@bp.get("")
def home() -> ResponseReturnValue:
    """What needs doing, the numbers, and the set-up guide until everything in it is done."""
    counts = queries.count_everything(g.session)
    return render_template(
        "merchant/home.html",
        counts=counts,
        steps=queries.list_setup_steps(g.session, g.shop, counts),
        numbers=queries.get_numbers(g.session, g.shop, clock.now()),
        days=queries.DAYS,
    )
