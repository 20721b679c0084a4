"""Reading a letter back."""

import io
from typing import Any

import pypdf

from contracts.directory import Patient
from letters.render import render_letter
from tests.support.samples.packages import sample_consignment, sample_package, sample_patient


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def words_of(pdf: bytes) -> str:
    """The text of all pages, each run of spaces and line ends as one space."""
    text = " ".join(page.extract_text() for page in read(pdf).pages)
    return " ".join(text.replace("\u200b", "").split())


def letter(**parts: Any) -> bytes:
    return render_letter(sample_consignment(package=sample_package(**parts)))


def named(name: str) -> Patient:
    return sample_patient(name=name)
