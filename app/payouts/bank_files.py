"""Bank files of a batch: ISO 20022 pain.001.001.09 and CSV. Pure: the same batch always gives the same bytes."""

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.errors import ValidationErrors
from app.sheets import write_sheet

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
_SLASHES = re.compile("/+")
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i", "\N{RIGHT SINGLE QUOTATION MARK}": "'", "&": "+", "_": "-",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payer:
    name: str
    iban: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    reference: str
    holder: str
    iban: str
    amount: Decimal
    """In major units of the batch's currency."""
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    message_id: str
    """Stays the same for this batch for ever: a bank that gets the file twice can tell."""
    made_at: datetime
    pay_on: date
    """The day on which it was made where the shop is: a bank may refuse one that is over."""
    currency: str
    payer: Payer
    transfers: Sequence[Transfer]


def write_pain(batch: Batch) -> bytes:
    """The credit transfer message. Raises ValidationErrors when the payer's account is missing."""
    _check(batch)
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_tag("Document"))
    message = ET.SubElement(root, _tag("CstmrCdtTrfInitn"))
    header = _add(message, "GrpHdr")
    _add(header, "MsgId", batch.message_id[:35])
    _add(header, "CreDtTm", batch.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add_totals(header, batch)
    _add(_add(header, "InitgPty"), "Nm", bank_text(batch.payer.name, 70))
    payment = _add(message, "PmtInf")
    _add(payment, "PmtInfId", batch.message_id[:35])
    _add(payment, "PmtMtd", "TRF")
    _add(payment, "BtchBookg", "true")
    _add_totals(payment, batch)
    if batch.currency == "EUR":
        _add(_add(_add(payment, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _add(_add(payment, "ReqdExctnDt"), "Dt", batch.pay_on.isoformat())
    _add_party(payment, "Dbtr", batch.payer.name, batch.payer.iban, agent=batch.payer.bic)
    _add(payment, "ChrgBr", "SLEV" if batch.currency == "EUR" else "SHAR")
    for transfer in batch.transfers:
        _add_transfer(payment, transfer, batch.currency)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def write_csv(batch: Batch) -> str:
    """One line per transfer, for banks that take a table."""
    heading = ("reference", "holder", "iban", "amount", "currency", "message")
    rows = (
        (one.reference, bank_text(one.holder, 70), one.iban, one.amount, batch.currency, bank_text(one.message, 140))
        for one in batch.transfers
    )
    return "".join(write_sheet(heading, rows))


def bank_text(words: str, length: int) -> str:
    """In the characters that every SEPA bank takes: accents go, what is left unknown becomes a full stop."""
    kept = "".join(letter if letter in _ALLOWED else "." for letter in _plain(words)).strip()
    # A field may not begin with a slash, nor hold two in a row.
    return _SLASHES.sub("/", kept).lstrip("/")[:length].strip() or "-"


def fits_banks(name: str) -> bool:
    """Whether a bank file has the letters of a name: a bank refuses to pay somebody called "...."."""
    return all(letter in _ALLOWED or not letter.isalpha() for letter in _plain(name))


def _plain(words: str) -> str:
    split = unicodedata.normalize("NFKD", words.translate(_LETTERS))
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def _check(batch: Batch) -> None:
    if not batch.payer.name or not batch.payer.iban:
        raise ValidationErrors({"payer": "Enter the name and IBAN of the account that pays first."})


def _add_transfer(payment: ET.Element, transfer: Transfer, currency: str) -> None:
    one = _add(payment, "CdtTrfTxInf")
    _add(_add(one, "PmtId"), "EndToEndId", transfer.reference[:35])
    _add(_add(one, "Amt"), "InstdAmt", str(transfer.amount)).set("Ccy", currency)
    _add(_add(one, "Cdtr"), "Nm", bank_text(transfer.holder, 70))
    _add(_add(_add(one, "CdtrAcct"), "Id"), "IBAN", transfer.iban)
    _add(_add(one, "RmtInf"), "Ustrd", bank_text(transfer.message, 140))


def _add_party(payment: ET.Element, tag: str, name: str, iban: str, *, agent: str) -> None:
    _add(_add(payment, tag), "Nm", bank_text(name, 70))
    _add(_add(_add(payment, f"{tag}Acct"), "Id"), "IBAN", iban)
    institution = _add(_add(payment, f"{tag}Agt"), "FinInstnId")
    if agent:
        _add(institution, "BICFI", agent)
    else:
        _add(_add(institution, "Othr"), "Id", "NOTPROVIDED")


def _add_totals(parent: ET.Element, batch: Batch) -> None:
    _add(parent, "NbOfTxs", str(len(batch.transfers)))
    _add(parent, "CtrlSum", str(sum((transfer.amount for transfer in batch.transfers), Decimal(0))))


def _add(parent: ET.Element, name: str, words: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, _tag(name))
    child.text = words
    return child


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
