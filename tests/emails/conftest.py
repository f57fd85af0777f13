from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.shops import Shop
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token
from wsgi import create_app


@pytest.fixture
def merchant(database: str, shopify: FakeShopify) -> Iterator[FlaskClient]:
    with create_app().test_client() as client:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token()}"
        assert client.get("/app").status_code == 200
        yield client


@pytest.fixture
def shop(merchant: FlaskClient) -> Shop:
    with db.system() as session:
        return session.scalars(select(Shop)).one()
