"""Merchant pages and the development store's own admin use Polaris as its manifest says."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from wtforms import BooleanField, Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired

from app.appearance.charts import plot
from devstore.admin.scripts import bundle_polaris

from .polaris import APP_BRIDGE, MANIFEST, lint_polaris, manifest, without_jinja

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path
    for folder in ("app", "devstore")
    for path in (ROOT / folder).rglob("*.html")
    if "<s-" in path.read_text(encoding="utf-8")
)


def test_the_manifest_is_the_version_we_write_for() -> None:
    package = MANIFEST.parents[1] / "package.json"
    assert package.exists(), "npm packages are missing: run `make setup`"
    assert '"version": "1.1.0"' in package.read_text(encoding="utf-8")
    assert len(manifest()) > 55


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_template_speaks_polaris(path: Path) -> None:
    assert lint_polaris(without_jinja(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_finger_hits_what_it_means_in_a_list(path: Path) -> None:
    """On a phone a table's primary and secondary words lie right above each other: only one of them can be a link."""
    for table in re.findall(r"<s-table>.*?</s-table>", path.read_text(encoding="utf-8"), re.DOTALL):
        slots = re.findall(r'<s-table-header listslot="(\w+)"', table)
        cells = re.findall(r"<s-table-cell>(.*?)</s-table-cell>", table, re.DOTALL)
        close = [slot for slot, cell in zip(slots, cells, strict=False) if "<s-link" in cell and slot != "labeled"]
        assert len(close) <= 1, f"links lie close to each other: {close}"


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<s-form></s-form>", "<s-form> is not a Polaris element"),
        ("<s-text tone='red'>x</s-text>", '<s-text tone="red">: allowed are'),
        ("<s-button onclick='x'>x</s-button>", "<s-button> has no attribute onclick"),
        ('<s-button disabled="false">x</s-button>', "is on whatever its value"),
        ("<s-divider/>", "swallows what follows"),
        ("<s-page><s-link slot='breadcrumbs'>x</s-link></s-page>", "<s-page> has no slot breadcrumbs"),
        ("<s-page><s-button slot='primary-action'>x</s-button></s-page>", "shows only"),
    ],
)
def test_a_mistake_is_named(html: str, fault: str) -> None:
    faults = lint_polaris(html)
    assert len(faults) == 1
    assert fault in faults[0]


class _Form(Form):
    name = StringField("Name", [InputRequired()], description="As customers see it")
    state = SelectField("State", choices=[SelectChoice("", "Any"), SelectChoice("approved", "Approved")])
    active = BooleanField("Active")


_PAGE = """{% import "merchant/_macros.html" as ui %}
{% set state = ("state", "State", "", [("", "Any"), ("approved", "Approved")]) %}
{% set sort = ("sort", "Sort", "name", [("name", "Name"), ("-name", "Name, Z to A")]) %}
<s-table>{{ ui.list_bar("/app/vendors", "a", "Search vendors", [state], sort) }}</s-table>
{{ ui.part_pager({"rows": [1], "total": 2, "before": none, "after": "WzFd"}, "/app/vendors") }}
{{ ui.empty("No vendors yet", "They appear here.", "Open the form", "/x") }}
{{ ui.badge("Paid", "success") }}{{ ui.fact("Total", "$1") }}
{{ ui.field(form.name, maxlength=80, readonly=true) }}
{{ ui.field(form.state, "select") }}{{ ui.field(form.active, "checkbox") }}
{% call ui.chart("Sales", [1, 2], "Nov 1", ["Day", "Sales"], beside=[2, 1]) %}{% endcall %}"""


def test_every_polaris_element_in_use_has_a_stand_in_for_development() -> None:
    used = {tag for path in TEMPLATES for tag in re.findall(r"<(s-[a-z-]+)", path.read_text(encoding="utf-8"))}
    made = set(re.findall(r'define\("(s-[a-z-]+)"', bundle_polaris()))
    assert used - made == APP_BRIDGE & used


def test_the_macros_print_polaris_with_every_option() -> None:
    jinja = Environment(loader=FileSystemLoader(ROOT / "app/templates"), autoescape=True, undefined=StrictUndefined)
    request = {"args": {"host": "aG9zdA"}, "path": "/app"}
    jinja.globals.update(g={"shop": {"domain": "acme.myshopify.com"}}, request=request)
    jinja.globals.update(staff_may_open=lambda path, *, change: False, plot=plot)
    jinja.globals.update(with_query=lambda path, **query: f"{path}?after={query['after']}")
    form = _Form(data={"name": 'Ada\'s "Ceramics"', "state": "approved", "active": True})
    form.name.errors = ["Write a name"]
    html = jinja.from_string(_PAGE).render(form=form)
    assert lint_polaris(html) == []
    assert 'value="Ada&#39;s &#34;Ceramics&#34;"' in html
    assert 'error="Write a name"' in html
    assert '<s-option value="approved" selected>' in html
