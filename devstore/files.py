"""Files and pictures: staged uploads become files with a public address; pictures are looked at, not believed."""

import re
import secrets
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from devstore.clock import iso
from devstore.store import Doc, Store

LARGEST_BYTES = 20 * 1024 * 1024
LARGEST_PIXELS = 25_000_000
MIME_TYPES = {"GIF": "image/gif", "JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_UPLOAD = re.compile(r"/uploads/(?P<token>[\w-]{20,})/")


def new_upload(store: Store, shop: str, filename: str, mime_type: str, method: str) -> Doc:
    """A place to put one file; the token in its address is the only key to it."""
    wanted = {"token": secrets.token_urlsafe(24), "filename": safe_name(filename), "mime_type": mime_type}
    created_at = iso(store.clock.now())
    return store.put(shop, "upload", {**wanted, "method": method, "received": None, "created_at": created_at})


def safe_name(filename: str) -> str:
    """A file name without folders or surprises."""
    name = re.sub(r"[^\w.-]+", "_", Path(filename.replace("\\", "/")).name)
    return name.lstrip(".") or "file"


def make_file(store: Store, shop: str, folder: Path, public_url: str, source: str, alt: str, kind: str | None) -> Doc:
    """A file from a staged upload's address, stored but perhaps FAILED: then `errors` says why, as Shopify does.

    `kind` is IMAGE, FILE or nothing, which goes by the content. Only what was uploaded here can be a source.
    """
    now = iso(store.clock.now())
    doc: Doc = {
        "id": store.next_id(),
        "alt": alt,
        "kind": "IMAGE" if kind != "FILE" else "FILE",
        "url": None,
        "status": "FAILED",
        "errors": [],
        "width": None,
        "height": None,
        "mime_type": None,
        "size": 0,
        "created_at": now,
        "updated_at": now,
    }
    found = _UPLOAD.search(source)
    upload = store.find(shop, "upload", token=found["token"]) if found else None
    if upload is None or upload["received"] is None:
        doc["errors"] = [
            {"code": "IMAGE_DOWNLOAD_FAILURE", "message": "The file could not be downloaded", "details": source}
        ]
        return store.put(shop, "file", doc)
    return store.put(shop, "file", _inspected(doc, upload, folder, public_url))


def _inspected(doc: Doc, upload: Doc, folder: Path, public_url: str) -> Doc:
    path = folder / "files" / upload["received"]
    ready = {
        "status": "READY",
        "url": f"{public_url}/files/{upload['received']}?v={doc['id']}",
        "size": path.stat().st_size,
    }
    if doc["kind"] == "FILE":
        return {**doc, **ready, "mime_type": upload["mime_type"]}
    try:
        with Image.open(path) as picture:
            width, height, kind = picture.width, picture.height, MIME_TYPES.get(picture.format or "")
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError):
        kind = None
    if kind is None:
        said = "The file is not a picture that can be read"
        return {**doc, "errors": [{"code": "IMAGE_PROCESSING_FAILURE", "message": said, "details": None}]}
    if width * height > LARGEST_PIXELS:
        said = "Exceeds 25 megapixels"
        return {**doc, "errors": [{"code": "INVALID_IMAGE_RESOLUTION", "message": said, "details": None}]}
    return {**doc, **ready, "width": width, "height": height, "mime_type": kind}


def resized(path: Path, width: int | None, height: int | None) -> tuple[bytes, str]:
    """The picture no larger than asked for, and its MIME type. Raises UnidentifiedImageError."""
    with Image.open(path) as picture:
        kind = picture.format or "PNG"
        picture.thumbnail((width or picture.width, height or picture.height))
        out = BytesIO()
        picture.save(out, format=kind)
        return out.getvalue(), MIME_TYPES.get(kind, "application/octet-stream")
