"""Files from here into the shop's Files: a target to send the bytes to, then a file made of them, then its address."""

from typing import Final

import httpx

from app import db
from app.shopify.client import graphql
from app.shopify.errors import ShopifyError, ShopifyUserErrors, UserError
from app.shopify.tokens import ShopCredentials
from app.shopify.transport import get_http

# The target is a storage service that the answer names, not the shop: no token of the shop goes there.
_TIMEOUT: Final = httpx.Timeout(30, connect=5)


def send_file(shop: ShopCredentials, filename: str, mime: str, content: bytes) -> str:
    """Send a picture and return the source that `make_file` takes. Raises ShopifyError. May be repeated."""
    wish = {
        "filename": filename,
        "mimeType": mime,
        "resource": "IMAGE",
        "httpMethod": "POST",
        "fileSize": str(len(content)),
    }
    target = graphql(shop, "stagedUploadsCreate", {"input": [wish]})["stagedTargets"][0]
    fields = {field["name"]: field["value"] for field in target["parameters"]}
    db.assert_no_transaction()
    try:
        upload = {"file": (filename, content, mime)}
        answer = get_http().post(target["url"], data=fields, files=upload, timeout=_TIMEOUT)
    except httpx.TransportError as error:
        raise ShopifyError(f"The picture could not be sent: {error}", permanent=False) from error
    if answer.is_error:
        raise ShopifyError(f"The upload was answered with {answer.status_code}.", permanent=False)
    source: str = target["resourceUrl"]
    return source


def make_file(shop: ShopCredentials, source: str, filename: str, alt: str) -> str:
    """Make a file of what was sent, replacing one of the same name, and return its gid. Raises ShopifyUserErrors."""
    wish = {
        "originalSource": source,
        "contentType": "IMAGE",
        "alt": alt,
        "filename": filename,
        "duplicateResolutionMode": "REPLACE",
    }
    gid: str = graphql(shop, "fileCreate", {"files": [wish]})["files"][0]["id"]
    return gid


def find_file_address(shop: ShopCredentials, gid: str) -> str | None:
    """Where Shopify serves a picture; None while it is still being made. Raises ShopifyUserErrors when it failed."""
    file = graphql(shop, "node", {"id": gid})
    if file.get("fileStatus") == "FAILED" or not file:
        said = [error["message"] for error in file.get("fileErrors") or ()] or ["The file could not be read."]
        raise ShopifyUserErrors("fileCreate", [UserError("", message, None) for message in said])
    image = file.get("image") if file.get("fileStatus") == "READY" else None
    return image["url"] if image else None


def delete_file(shop: ShopCredentials, gid: str) -> None:
    """Take a picture out of the shop's Files: whatever shows it shows nothing. Raises ShopifyError. May be repeated."""
    try:
        graphql(shop, "fileDelete", {"fileIds": [gid]})
    except ShopifyUserErrors as refusal:
        if not refusal.has_code("FILE_DOES_NOT_EXIST"):
            raise
