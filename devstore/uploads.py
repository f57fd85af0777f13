"""Where staged uploads are put and where files are fetched: stand-ins for Shopify's storage and its CDN."""

from mimetypes import guess_type
from pathlib import Path

from flask import Blueprint, Response, abort, request
from PIL import UnidentifiedImageError

from devstore import files
from devstore.current import get_config, get_store
from devstore.store import Doc

bp = Blueprint("uploads", __name__)


@bp.route("/uploads/<token>/<name>", methods=["PUT", "POST", "OPTIONS"])
def upload(token: str, name: str) -> Response:
    """PUT carries the bytes, POST a form with the parameters and `file` last. Browsers may come from anywhere."""
    if request.method == "OPTIONS":
        return _open_to_all(Response(status=204))
    found = get_store().select_everywhere("upload", token=token)
    if not found or found[0][1]["filename"] != name:
        abort(404)
    shop, wanted = found[0]
    if request.method != wanted["method"]:
        return _open_to_all(Response(f"This upload expects {wanted['method']}", 405))
    sent = request.files.get("file") if request.method == "POST" else None
    if request.method == "POST" and sent is None:
        return _open_to_all(Response("The form has no file", 400))
    content = sent.read() if sent else request.get_data(cache=False)
    if not 0 < len(content) <= files.LARGEST_BYTES:
        return _open_to_all(Response("The file is empty or larger than 20 MB", 400))
    _keep(shop, wanted, content)
    return _open_to_all(Response(status=201 if request.method == "POST" else 200))


def _keep(shop: str, wanted: Doc, content: bytes) -> None:
    received = f"{wanted['token']}-{wanted['filename']}"
    path = _folder() / received
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    get_store().put(shop, "upload", {**wanted, "received": received})


@bp.get("/files/<name>")
def fetch(name: str) -> Response:
    """A file as it is, or a picture made smaller by `width` and `height`."""
    path = _folder() / name
    if name != files.safe_name(name) or not path.is_file():
        abort(404)
    width, height = request.args.get("width", type=int), request.args.get("height", type=int)
    if width or height:
        try:
            content, kind = files.resized(path, width, height)
        except UnidentifiedImageError:
            abort(404)
        answer = Response(content, mimetype=kind)
    else:
        answer = Response(path.read_bytes(), mimetype=guess_type(name)[0] or "application/octet-stream")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _open_to_all(answer)


def _folder() -> Path:
    return get_config().data.resolve() / "files"


def _open_to_all(answer: Response) -> Response:
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Access-Control-Allow-Methods"] = "PUT, POST, GET, OPTIONS"
    answer.headers["Access-Control-Allow-Headers"] = "*"
    return answer
