"""Bank files: structure, characters, and the same bytes every time."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import resources

import pytest
from xmlschema import XMLSchema

from app.errors import ValidationErrors
from app.payouts.bank_files import NAMESPACE, Batch, Payer, Transfer, bank_text, fits_banks, write_csv, write_pain

BATCH = Batch(
    message_id="STALLKEEPER-1-7",
    made_at=datetime(2026, 11, 20, 22, 30, tzinfo=UTC),
    pay_on=date(2026, 11, 21),
    currency="EUR",
    payer=Payer("Acme & Söhne", "DE89370400440532013000", "COBADEFFXXX"),
    transfers=[
        Transfer("P7-1", "Ada Ünal", "DE75512108001245126199", Decimal("1080.55"), "Acme payout P7-1"),
        Transfer("P7-2", "Bea", "FR1420041010050500013M02606", Decimal("0.45"), "Acme payout P7-2"),
    ],
)


def names(element: ET.Element) -> list[str]:
    return [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]


def find(root: ET.Element, path: str) -> ET.Element:
    found = root.find("/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/")))
    assert found is not None, path
    return found


def test_every_element_stands_where_the_schema_wants_it() -> None:
    root = ET.fromstring(write_pain(BATCH))
    assert root.tag == f"{{{NAMESPACE}}}Document"
    message = find(root, "CstmrCdtTrfInitn")
    assert names(message) == ["GrpHdr", "PmtInf"]
    assert names(find(message, "GrpHdr")) == ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"]
    assert names(find(message, "PmtInf")) == [
        "PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt",
        "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr", "CdtTrfTxInf", "CdtTrfTxInf",
    ]  # fmt: skip
    assert names(find(message, "PmtInf/CdtTrfTxInf")) == ["PmtId", "Amt", "Cdtr", "CdtrAcct", "RmtInf"]
    assert find(message, "PmtInf/ReqdExctnDt/Dt").text == "2026-11-21", "the shop's day, not that of the clock in UTC"


@pytest.mark.parametrize(
    "batch",
    [
        BATCH,
        replace(BATCH, payer=Payer("Acme", "DE89370400440532013000")),
        replace(BATCH, currency="USD"),
        replace(BATCH, currency="JPY", transfers=[replace(BATCH.transfers[0], amount=Decimal(1000))]),
        replace(BATCH, transfers=[replace(BATCH.transfers[0], reference="P" * 50, holder="<東京>", message="//")]),
    ],
)
def test_a_bank_file_is_valid_by_the_schema_of_iso_20022(batch: Batch) -> None:
    schema = XMLSchema(str(resources.files("sepaxml") / "schemas" / "pain.001.001.09.xsd"))
    assert [error.reason for error in schema.iter_errors(io.BytesIO(write_pain(batch)))] == []
    assert not schema.is_valid(io.BytesIO(write_pain(batch).replace(b"<PmtMtd>TRF</PmtMtd>", b"")))


_TEXT = r"[a-zA-Z0-9/\-?:().,'+ ]{1,%d}"
GUIDELINES = {
    "GrpHdr/MsgId": _TEXT % 35,
    "GrpHdr/CreDtTm": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "GrpHdr/NbOfTxs": r"[0-9]{1,15}",
    "GrpHdr/CtrlSum": r"\d{1,16}\.\d\d",
    "GrpHdr/InitgPty/Nm": _TEXT % 70,
    "PmtInf/PmtInfId": _TEXT % 35,
    "PmtInf/PmtMtd": "TRF",
    "PmtInf/BtchBookg": "true|false",
    "PmtInf/NbOfTxs": r"[0-9]{1,15}",
    "PmtInf/CtrlSum": r"\d{1,16}\.\d\d",
    "PmtInf/PmtTpInf/SvcLvl/Cd": "SEPA",
    "PmtInf/ReqdExctnDt/Dt": r"\d{4}-\d\d-\d\d",
    "PmtInf/Dbtr/Nm": _TEXT % 70,
    "PmtInf/DbtrAcct/Id/IBAN": r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}",
    "PmtInf/DbtrAgt/FinInstnId/BICFI": r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?",
    "PmtInf/ChrgBr": "SLEV",
    "PmtInf/CdtTrfTxInf/PmtId/EndToEndId": _TEXT % 35,
    "PmtInf/CdtTrfTxInf/Amt/InstdAmt": r"\d{1,9}\.\d\d",
    "PmtInf/CdtTrfTxInf/Cdtr/Nm": _TEXT % 70,
    "PmtInf/CdtTrfTxInf/CdtrAcct/Id/IBAN": r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}",
    "PmtInf/CdtTrfTxInf/RmtInf/Ustrd": _TEXT % 140,
}
"""EPC132-08 (SEPA credit transfer, customer to bank, 2023): every field that we fill, and what may stand in it.

The schema that the European Payments Council publishes with it finds nothing wrong either; it is not ours to hand on.
"""


@pytest.mark.parametrize("name", ["Ada Ünal", "Łódź & Sons // " * 20, "寿司", "/"])
def test_every_field_holds_what_the_guidelines_of_sepa_allow(name: str) -> None:
    transfer = replace(BATCH.transfers[0], holder=name, message=name)
    batch = replace(BATCH, transfers=[transfer], payer=replace(BATCH.payer, name=name))
    message = find(ET.fromstring(write_pain(batch)), "CstmrCdtTrfInitn")
    for path, allowed in GUIDELINES.items():
        words = find(message, path).text or ""
        assert re.fullmatch(allowed, words), (path, words)
        assert not words.startswith("/")
        assert "//" not in words
    filled = {element for element in message.iter() if element.text and element.text.strip()}
    assert len(filled) == len(GUIDELINES), "a field that no rule is named for"


def test_sums_and_counts_are_those_of_the_transfers() -> None:
    message = find(ET.fromstring(write_pain(BATCH)), "CstmrCdtTrfInitn")
    for part in ("GrpHdr", "PmtInf"):
        assert find(message, f"{part}/NbOfTxs").text == "2"
        assert find(message, f"{part}/CtrlSum").text == "1081.00"
    amount = find(message, "PmtInf/CdtTrfTxInf/Amt/InstdAmt")
    assert (amount.text, amount.get("Ccy")) == ("1080.55", "EUR")


def test_the_same_batch_gives_the_same_bytes() -> None:
    assert write_pain(BATCH) == write_pain(replace(BATCH))
    assert find(ET.fromstring(write_pain(BATCH)), "CstmrCdtTrfInitn/GrpHdr/MsgId").text == "STALLKEEPER-1-7"


def test_only_euros_travel_as_sepa() -> None:
    message = find(ET.fromstring(write_pain(replace(BATCH, currency="USD"))), "CstmrCdtTrfInitn/PmtInf")
    assert "PmtTpInf" not in names(message)
    assert find(message, "ChrgBr").text == "SHAR"


def test_without_a_bic_the_bank_is_left_to_find_itself() -> None:
    payer = replace(BATCH.payer, bic="")
    root = ET.fromstring(write_pain(replace(BATCH, payer=payer)))
    assert find(root, "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/Othr/Id").text == "NOTPROVIDED"


def test_a_file_without_a_payer_is_refused_in_words() -> None:
    with pytest.raises(ValidationErrors) as refused:
        write_pain(replace(BATCH, payer=Payer("Acme", "")))
    assert "IBAN" in refused.value.errors["payer"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("Ada Ünal", "Ada Unal"),
        ("Straße & Co", "Strasse + Co"),
        ("Łódź Œuvre", "Lodz OEuvre"),
        ("Đorđe Y\u0131lmaz Þór", "Dorde Yilmaz Thor"),
        ("//x", "x"),
        ("a///b", "a/b"),
        ("<Nm>Mallory</Nm>\x00", ".Nm.Mallory./Nm.."),
        ("日本", ".."),
        ("", "-"),
    ],
)
def test_names_are_written_in_the_characters_that_banks_take(given: str, written: str) -> None:
    assert bank_text(given, 70) == written


@pytest.mark.parametrize("name", ["Ada Ünal", "Đorđe Y\u0131lmaz & Sønner (2), Łódź", "O\u2019Brien", "1A"])
def test_a_name_that_banks_can_read_may_be_entered(name: str) -> None:
    assert fits_banks(name)


@pytest.mark.parametrize("name", ["陶芸 Ada", "Иван Петров", "مريم", "김민수", "Ελένη"])
def test_a_name_that_would_become_full_stops_may_not(name: str) -> None:
    assert not fits_banks(name)


def test_the_table_says_the_same() -> None:
    assert write_csv(BATCH).splitlines()[1] == "P7-1,Ada Unal,DE75512108001245126199,1080.55,EUR,Acme payout P7-1"


@pytest.mark.parametrize("holder", ["+A1", "-2+3", "@SUM(A1)", "=1+1", "&A1"])
def test_no_name_is_a_formula_in_the_table(holder: str) -> None:
    table = write_csv(replace(BATCH, transfers=[replace(BATCH.transfers[0], holder=holder)]))
    [_, row] = csv.reader(table.splitlines())
    assert row[1][0] not in "=+-@"
