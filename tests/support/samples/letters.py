"""Reading a letter back."""

import io
from typing import Any

import pypdf
import pypdfium2
import zxingcpp

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


def qr_codes_in(pdf: bytes, dots_per_inch: int) -> list[str]:
    """What a camera reads in the first page, printed with so many dots an inch."""
    page = pypdfium2.PdfDocument(pdf)[0]
    bitmap = page.render(scale=dots_per_inch / 72, grayscale=True)
    grey = bytes(bitmap.buffer)
    rows = [grey[y * bitmap.stride :][: bitmap.width] for y in range(bitmap.height)]
    pixels = memoryview(b"".join(rows)).cast("B", shape=[bitmap.height, bitmap.width])
    return [found.text for found in zxingcpp.read_barcodes(pixels)]
