from typing import Any

import pytest

from app.vendors.forms import ApplicationForm, describe_fields, read_application

GOOD = {
    "name": "Ada's  Ceramics",
    "contact_name": "Ada",
    "email": "Ada@Example.com",
    "what_they_sell": "Mugs and bowls.",
}


def read(**changes: Any) -> ApplicationForm:
    form = read_application({**GOOD, **changes}, terms_needed=False)
    form.validate()
    return form


def test_a_good_application_is_tidied_and_taken() -> None:
    form = read(website="example.com/shop", about="  One. \r\n\r\n Two. ")
    assert form.first_errors == {}
    application = form.application()
    assert application.name == "Ada's Ceramics"
    assert application.website == "https://example.com/shop"
    assert application.about == "One.\n\nTwo."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "!!!"),
        ("name", "x" * 81),
        ("contact_name", ""),
        ("email", "ada"),
        ("email", "ada@"),
        ("email", ""),
        ("what_they_sell", ""),
        ("website", "javascript:alert(1)"),
        ("website", "not a site"),
        ("country", "Germany"),
        ("phone", "call me"),
        ("tagline", "x" * 161),
    ],
)
def test_a_bad_field_is_named_with_what_to_do(field: str, value: str) -> None:
    errors = read(**{field: value}).first_errors
    assert list(errors) == [field]
    assert errors[field].endswith(".")


def test_values_that_are_no_text_count_as_missing() -> None:
    assert set(read(name=["x"], email={"a": 1}).first_errors) == {"name", "email"}


def test_terms_are_asked_for_only_where_there_are_some() -> None:
    form = read_application(GOOD, terms_needed=True)
    assert not form.validate()
    assert list(form.first_errors) == ["accept_terms"]
    accepted = read_application({**GOOD, "accept_terms": True}, terms_needed=True)
    assert accepted.validate()
    assert "accept_terms" not in {field["name"] for field in describe_fields(terms_needed=False)}


def test_the_described_fields_are_those_of_the_form() -> None:
    described = {field["name"]: field for field in describe_fields(terms_needed=True)}
    assert set(described) == {field.name for field in ApplicationForm()}
    assert described["email"]["type"] == "email"
    assert described["about"]["type"] == "textarea"
    assert described["name"]["required"] is True
    assert described["name"]["max_length"] == 80
