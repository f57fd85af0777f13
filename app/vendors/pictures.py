"""A vendor's picture: checked and redrawn here, kept in the database until Shopify has its own copy."""

import hashlib
import io
import struct
import warnings
from threading import Lock
from typing import IO, Final

from PIL import Image, ImageOps
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import ValidationErrors
from app.languages import _
from app.models.vendors import PictureKind, Vendor, VendorPicture
from app.queue import enqueue_after_commit

MAX_BYTES: Final = 10 * 1024 * 1024
_SIDES: Final = {PictureKind.LOGO: 1024, PictureKind.COVER: 2000}
_MILLIONS: Final = {"JPEG": 50, "PNG": 30, "WEBP": 16}
"""Of pixels, at most. Unpacked, each takes up to 17 bytes in a WebP and 9 in the others; of most JPEGs, which phones
make, far less, because they are made small while they are read."""
_BROKEN: Final = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)
"""What Pillow raises for files that are damaged, or made to do harm."""
_PATIENCE_SECONDS: Final = 10
_drawing = Lock()
"""Unpacked, a file of 100 KB may fill 400 MB: one at a time, whoever sends how many."""


def find_picture(session: Session, vendor_id: int, kind: PictureKind = PictureKind.LOGO) -> VendorPicture | None:
    """The picture to show; None also for one that is being removed."""
    picture = session.get(VendorPicture, (vendor_id, kind))
    return picture if picture and picture.content else None


def find_address(session: Session, vendor: Vendor, kind: PictureKind) -> str | None:
    """Where the shop serves the vendor's picture; None also for one that is being removed."""
    picture = session.get(VendorPicture, (vendor.id, kind))
    if picture and not picture.content:
        return None
    return vendor.cover_url if kind is PictureKind.COVER else vendor.logo_url


def change_picture(
    session: Session, vendor: Vendor, stream: IO[bytes], *, actor: str, kind: PictureKind = PictureKind.LOGO
) -> None:
    """Store a new picture and ring for its way to Shopify. Raises ValidationErrors on `picture`."""
    try:
        content, content_type = redraw(stream, _SIDES[kind])
    except ValueError as error:
        raise ValidationErrors({"picture": str(error)}) from None
    _store(session, vendor, kind, content, content_type)
    action, subject = f"vendor.change_{'cover' if kind is PictureKind.COVER else 'picture'}", ("vendor", vendor.id)
    audit.record(session, vendor.shop_id, action, subject, actor=actor, vendor_id=vendor.id)


def remove_picture(session: Session, vendor: Vendor, *, actor: str, kind: PictureKind = PictureKind.LOGO) -> bool:
    """Have a picture taken out of the shop; False when there is none.

    The row without content stays until the shop has forgotten the file, so that nothing of it is left behind.
    """
    picture = find_picture(session, vendor.id, kind)
    if picture is None and find_address(session, vendor, kind) is None:
        return False
    _store(session, vendor, kind, b"", "", file_gid=picture.file_gid if picture else None)
    action, subject = f"vendor.remove_{'cover' if kind is PictureKind.COVER else 'picture'}", ("vendor", vendor.id)
    audit.record(session, vendor.shop_id, action, subject, actor=actor, vendor_id=vendor.id)
    return True


def _store(
    session: Session,
    vendor: Vendor,
    kind: PictureKind,
    content: bytes,
    content_type: str,
    *,
    file_gid: str | None = None,
) -> None:
    """Put a picture, or none, in the place of what is there and ring for its way to Shopify."""
    values = {
        "content": content,
        "content_type": content_type,
        "digest": hashlib.sha256(content).hexdigest(),
        "changed_at": clock.now(),
        "file_gid": file_gid,
        "published_at": None,
        "error": None,
    }
    mine = {"vendor_id": vendor.id, "kind": kind, "shop_id": vendor.shop_id}
    statement = insert(VendorPicture).values(**mine, **values)
    keys = [VendorPicture.vendor_id, VendorPicture.kind]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))
    job = "jobs.pictures.publish_picture"
    enqueue_after_commit(session, job, vendor.shop_id, vendor.id, kind.value, queue="catalogue")


def redraw(stream: IO[bytes], side: int = _SIDES[PictureKind.LOGO]) -> tuple[bytes, str]:
    """The picture at most `side` pixels wide and high, upright, as (bytes, content type).

    It is drawn anew, so that nothing else that was in the file reaches customers: no place where it was taken, no
    hidden second format. Raises ValueError with a sentence.
    """
    raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(_("This picture is larger than 10 MB. Choose a smaller one."))
    try:
        opened = _open(raw)
        form = opened.format if opened.format in _MILLIONS else "JPEG"  # of two pictures in one, as cameras make them
        most = _MILLIONS[form]
        drawn = _draw(opened, side) if opened.width * opened.height <= most * 1_000_000 else None
    except _BROKEN:
        raise ValueError(_("This file is no picture that we can read. Send a JPEG, PNG or WebP.")) from None
    if drawn is None:
        said = _(
            "A %(form)s may have %(number)s million pixels at most. Choose a smaller picture.", form=form, number=most
        )
        raise ValueError(said)
    return drawn


def _open(raw: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked before it is unpacked
        return Image.open(io.BytesIO(raw), formats=tuple(_MILLIONS))


def _draw(opened: Image.Image, side: int) -> tuple[bytes, str]:
    if not _drawing.acquire(timeout=_PATIENCE_SECONDS):
        raise ValidationErrors({"picture": _("The picture could not be added. Try again in a moment.")})
    try:
        # Made small first, and a JPEG while it is read, as far as it is large enough then.
        opened.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=1.0)
        upright = ImageOps.exif_transpose(opened)
    finally:
        _drawing.release()
    is_clear = upright.mode in {"RGBA", "LA"} or "transparency" in upright.info
    drawn = io.BytesIO()
    if is_clear:
        upright.convert("RGBA").save(drawn, "PNG", optimize=True)
        return drawn.getvalue(), "image/png"
    upright.convert("RGB").save(drawn, "JPEG", quality=88, optimize=True, progressive=True)
    return drawn.getvalue(), "image/jpeg"
