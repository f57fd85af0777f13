"""A very small embedded app, so that the admin shell and its scripts can be tried without the real one."""

from urllib.parse import quote

import jwt
from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

VENDORS = [
    ("Ada's Ceramics", "ada@example.com", "success", "Approved", "$1,204.50"),
    ("Bea's Bakery", "bea@example.com", "warning", "Pending", "$0.00"),
    ("Dee's Dyes", "dee@example.com", "critical", "Suspended", "$88.10"),
]
bp = Blueprint("framed", __name__)


def create_app(cdn: str, key: str, secret: str) -> Flask:
    """Pages /app, /app/vendors, /app/form, data at /app/whoami; each asks for a token and bounces without one.

    `extensions["bounces"]` lists the paths that came without a token.
    """
    site = Flask("framed", root_path=__file__.rpartition("/")[0], template_folder="framed")
    site.extensions["bounces"] = []
    site.extensions["secret"] = secret
    site.jinja_env.globals.update(cdn=cdn, key=key)
    site.register_blueprint(bp)
    return site


def _claims() -> dict[str, str]:
    token = request.args.get("id_token") or request.headers.get("Authorization", "").removeprefix("Bearer ")
    key = str(current_app.jinja_env.globals["key"])
    return jwt.decode(token, current_app.extensions["secret"], algorithms=["HS256"], audience=key, leeway=10)


@bp.before_request
def require_token() -> BaseResponse | None:
    if request.path == "/bounce":
        return None
    try:
        _claims()
    except jwt.InvalidTokenError:
        if request.headers.get("Sec-Fetch-Dest") != "iframe":
            return Response("token", 401, {"X-Shopify-Retry-Invalid-Session-Request": "1"})
        current_app.extensions["bounces"].append(request.path)
        return redirect("/bounce?shopify-reload=" + quote(request.full_path.rstrip("?"), safe=""))
    return None


@bp.get("/bounce")
def bounce() -> str:
    return render_template("bounce.html")


@bp.get("/")
def index() -> BaseResponse:
    return redirect(request.full_path.replace("/?", "/app?", 1))


@bp.get("/app")
def home() -> str:
    return render_template("home.html")


@bp.get("/app/vendors")
def vendors() -> str:
    q = request.args.get("q", "")
    found = [vendor for vendor in VENDORS if q.lower() in vendor[0].lower()]
    return render_template("vendors.html", q=q, shop=request.args.get("shop", ""), vendors=found)


@bp.get("/app/form")
def form() -> str:
    return render_template("form.html")


@bp.route("/app/whoami", methods=["GET", "POST"])
def whoami() -> dict[str, object]:
    claims = _claims()
    return {"sub": claims["sub"], "dest": claims["dest"], "form": request.form.to_dict(flat=False)}
