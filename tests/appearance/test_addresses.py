"""Addresses that pages are given: their own query, without what signed the request that made them."""

from flask import Flask

from app.appearance.jinja import kept_query, with_query


def test_what_signs_a_request_is_copied_into_no_address() -> None:
    app = Flask("page")
    with app.test_request_context("/app/orders?q=a%26b&page=2&id_token=secret&hmac=secret"):
        assert kept_query() == "?q=a%26b&page=2"
        assert with_query(page=3, q=None) == "/app/orders?page=3"
    with app.test_request_context("/app/orders?id_token=secret"):
        assert (kept_query(), with_query()) == ("", "/app/orders")
