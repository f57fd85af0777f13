"""The Admin API's door: token in, GraphQL through, JSON out."""

import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from devstore.config import API_VERSION
from devstore.current import get_config, get_store
from devstore.faults import FAULTS
from devstore.graphql import execute
from devstore.graphql.registry import Context
from devstore.installations import find_by_token

bp = Blueprint("api", __name__)


@bp.post("/shops/<shop>/admin/api/<version>/graphql.json")
def graphql(shop: str, version: str) -> Response:
    store = get_store()
    if version != API_VERSION:
        return _answer({"errors": "Not Found"}, 404)
    if trouble := _suffer(shop):
        return trouble
    installation = find_by_token(store, shop, request.headers.get("X-Shopify-Access-Token", ""))
    if installation is None:
        said = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return _answer({"errors": said}, 401)
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict) or not isinstance(sent.get("query"), str):
        return _answer({"errors": {"query": "Required parameter missing or invalid"}}, 400)
    if not isinstance(sent.get("variables") or {}, dict):
        return _answer({"errors": {"variables": "Must be a JSON object"}}, 400)
    context = Context(store, shop, installation, get_config())
    answer = execute.run(context, sent["query"], sent.get("variables"), sent.get("operationName"))
    return _suffer_after(_answer(answer.body))


def _suffer(shop: str) -> Response | None:
    fault = FAULTS.take("graphql")
    if fault is None:
        return None
    time.sleep(fault.delay_ms / 1000)
    if fault.kind == "throttle":
        execute.buckets.drain(shop)
    if fault.kind == "html":
        return Response("<!DOCTYPE html><title>Something went wrong</title>", mimetype="text/html")
    return _answer({"errors": "Internal Server Error"}, 500) if fault.kind == "error" else None


def _suffer_after(response: Response) -> Response:
    """The work is done; what is heard of it may be a gateway's excuse or the first half."""
    fault = FAULTS.take("graphql", lost=True)
    if fault is None:
        return response
    if fault.kind == "lost":
        return _answer({"errors": "Gateway Timeout"}, 504)
    whole = response.get_data()
    response.set_data(whole[: len(whole) // 2])
    return response


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers["X-Shopify-API-Version"] = API_VERSION
    return response
