"""Browsers of the portal: cookies kept, forms sent as a browser sends them."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.auth import magic_links
from app.models.emails import Email
from app.models.vendors import Vendor
from tests.apps import get_app


@pytest.fixture(scope="session")
def app() -> Flask:
    return get_app()


@pytest.fixture
def browser(app: Flask, database: str) -> Iterator[FlaskClient]:
    """Somebody's browser, signed in nowhere."""
    with app.test_client() as client:
        client.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
        yield client


@pytest.fixture
def adas_browser(app: Flask, ada: Vendor) -> FlaskClient:
    return signed_in(app, ada)


def signed_in(app: Flask, vendor: Vendor, email: str = "") -> FlaskClient:
    """A browser in which `vendor`'s owner (or who has that address) opened an e-mailed link and pressed Continue."""
    with db.system() as session:
        link = magic_links.issue_link(session, vendor.shop_id, email or vendor.email)
    client = app.test_client()
    client.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT": "text/html"}
    answer = client.post(path_of(link))
    assert answer.status_code == 303, answer.text
    return client


def path_of(link: str) -> str:
    return "/portal/" + link.split("/portal/", 1)[1]


def mailed_links(address: str) -> list[str]:
    """Paths of the sign-in links that wait in the outbox for `address`, oldest first."""
    with db.system() as session:
        texts = session.scalars(
            select(Email.text_body)
            .where(Email.to_address == address, Email.kind == "vendor_magic_link")
            .order_by(Email.id)
        ).all()
    return [path_of(found) for text in texts for found in re.findall(r"http\S+/portal/enter/\S+", text)]
