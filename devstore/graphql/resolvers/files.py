"""Staged uploads and files over GraphQL."""

from typing import Any
from urllib.parse import quote

from devstore import files
from devstore.gids import parse_gid
from devstore.graphql.connections import paginate
from devstore.graphql.registry import Context, RefusedError, field, mutation, node, query
from devstore.search import matches
from devstore.store import Doc

_KINDS = {"IMAGE": "MediaImage", "FILE": "GenericFile"}


@mutation("stagedUploadsCreate")
def staged_uploads_create(ctx: Context, input: list[Doc]) -> Doc:  # noqa: A002
    return {"stagedTargets": [_target(ctx, each) for each in input], "userErrors": []}


def _target(ctx: Context, wanted: Doc) -> Doc:
    method = wanted.get("httpMethod") or "PUT"
    upload = files.new_upload(ctx.store, ctx.shop, wanted["filename"], wanted["mimeType"], method)
    url = f"{ctx.config.public_url}/uploads/{upload['token']}/{quote(upload['filename'])}"
    parameters = [{"name": "content_type", "value": wanted["mimeType"]}, {"name": "acl", "value": "private"}]
    if method == "POST":
        parameters = [
            {"name": "Content-Type", "value": wanted["mimeType"]},
            {"name": "key", "value": f"tmp/{upload['token']}"},
        ]
    return {"url": url, "resourceUrl": url, "parameters": parameters}


@mutation("fileCreate")
def file_create(ctx: Context, files: list[Doc]) -> Doc:
    """Answers before the files are ready, as Shopify does: whoever wants the address or the errors asks again."""
    waiting: Doc = {"fileStatus": "UPLOADED", "status": "UPLOADED", "image": None, "fileErrors": [], "mediaErrors": []}
    made = [{**as_file(create(ctx, each)), **waiting, "url": None} for each in files]
    return {"files": [{**each, "preview": {"image": None, "status": "UPLOADED"}} for each in made], "userErrors": []}


def create(ctx: Context, wanted: Doc) -> Doc:
    """A file document from `{originalSource, alt, contentType, filename, duplicateResolutionMode}`."""
    kind = wanted.get("contentType")
    if kind not in {None, "IMAGE", "FILE"}:
        raise RefusedError(
            ["files", "contentType"], f"{kind} files are not supported by the development store", "INVALID"
        )
    alt, source = wanted.get("alt") or "", wanted["originalSource"]
    name, mode = wanted.get("filename"), wanted.get("duplicateResolutionMode") or "APPEND_UUID"
    held = ctx.store.find(ctx.shop, "file", filename=name) if name else None
    if held is not None and mode == "RAISE_ERROR":
        raise RefusedError(["files", "filename"], f"Filename {name} already exists.", "FILENAME_ALREADY_EXISTS")
    made = files.make_file(ctx.store, ctx.shop, ctx.config.data, ctx.config.public_url, source, alt, kind)
    if held is not None and mode == "REPLACE":
        ctx.store.delete(ctx.shop, "file", made["id"])
        made = {**made, "id": held["id"], "created_at": held["created_at"]}
    return ctx.store.put(ctx.shop, "file", {**made, "filename": name}) if name else made


@mutation("fileDelete")
def file_delete(ctx: Context, file_ids: list[str]) -> Doc:
    for index, text in enumerate(file_ids):
        if not ctx.store.delete(ctx.shop, "file", parse_gid(text)[1]):
            raise RefusedError(["fileIds", str(index)], f"File id {text} does not exist.", "FILE_DOES_NOT_EXIST")
    return {"deletedFileIds": file_ids, "userErrors": []}


@query("files")
def list_files(ctx: Context, query: str | None = None, **page: Any) -> Doc:
    found = [each for each in ctx.store.all(ctx.shop, "file") if matches(query, lambda key, it=each: _lookup(it, key))]  # type: ignore[misc]
    return paginate([as_file(each) for each in found], **page)


def _lookup(doc: Doc, key: str | None) -> list[Any]:
    kinds = {
        "id": [doc["id"]],
        "status": [doc["status"]],
        "media_type": [doc["kind"]],
        "created_at": [doc["created_at"]],
    }
    return [doc["url"], doc["alt"]] if key is None else kinds.get(key, [])


@node("MediaImage")
def image_node(ctx: Context, number: int) -> Doc | None:
    return _node(ctx, number, "IMAGE")


@node("GenericFile")
def generic_node(ctx: Context, number: int) -> Doc | None:
    return _node(ctx, number, "FILE")


def _node(ctx: Context, number: int, kind: str) -> Doc | None:
    found = ctx.store.get(ctx.shop, "file", number)
    return as_file(found) if found and found["kind"] == kind else None


def as_file(doc: Doc) -> Doc:
    """The document as a MediaImage or GenericFile."""
    image = None
    if doc["url"] and doc["kind"] == "IMAGE":
        image = {"id": doc["id"], "altText": doc["alt"], **{key: doc[key] for key in ("width", "height", "url")}}
    return {
        **doc,
        "__typename": _KINDS[doc["kind"]],
        "fileStatus": doc["status"],
        "fileErrors": doc["errors"],
        "mediaErrors": doc["errors"],
        "mediaContentType": "IMAGE",
        "originalFileSize": doc["size"],
        "image": image,
        "preview": {"image": image, "status": doc["status"]},
    }


@field("Image", "id")
def image_id(_: Context, image: Doc) -> str:
    return f"gid://shopify/ImageSource/{image['id']}"


@field("Image", "url")
def image_url(_: Context, image: Doc, transform: Doc | None = None) -> str:
    """`maxWidth` and `maxHeight` make it smaller, as Shopify's CDN does by `width` and `height`."""
    wanted = transform or {}
    sizes = [
        f"&{name}={wanted[key]}" for key, name in (("maxWidth", "width"), ("maxHeight", "height")) if wanted.get(key)
    ]
    return str(image["url"]) + "".join(sizes)
