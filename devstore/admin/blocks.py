"""Blocks of the app on the admin's pages: each runs in a frame of its own, with what Shopify gives it."""

import tomllib
from pathlib import Path

from flask import Response, abort, render_template, request, send_file

from devstore.admin.shell import bp, get_shop
from devstore.current import get_config, get_store
from devstore.installations import find_installation


def find_blocks(target: str) -> dict[str, Path]:
    """The source of every block that the app has for a place of the admin, by the extension's handle."""
    found = {}
    for settings in sorted(get_config().extension_dir.parent.glob("*/shopify.extension.toml")):
        for extension in tomllib.loads(settings.read_text(encoding="utf-8")).get("extensions", []):
            for targeting in extension.get("targeting", []):
                if targeting["target"] == target:
                    found[extension["handle"]] = settings.parent / targeting["module"]
    return found


@bp.app_template_global("blocks_for")
def blocks_for(name: str, target: str) -> list[str]:
    """Handles of the blocks to show; none while the app is not installed."""
    installed = find_installation(get_store(), get_shop(name))
    return list(find_blocks(target)) if installed else []


@bp.get("/store/<name>/blocks/<target>/<handle>")
def block_frame(name: str, target: str, handle: str) -> str:
    """The page inside the frame: Polaris, `shopify`, and the block's own script."""
    if handle not in find_blocks(target):
        abort(404)
    config = get_config()
    return render_template(
        "admin/block.html",
        selected=request.args.get("id", ""),
        source=f"/store/{name}/blocks/{target}/{handle}/source.js",
        token_url=f"/store/{name}/apps/{config.app_handle}/id_token",
        admin=f"/store/{name}/",
        app_url=config.app_url,
    )


@bp.get("/store/<name>/blocks/<target>/<handle>/source.js")
def block_source(name: str, target: str, handle: str) -> Response:  # noqa: ARG001
    path = find_blocks(target).get(handle) or abort(404)
    return send_file(path.resolve(), mimetype="text/javascript", max_age=0)
