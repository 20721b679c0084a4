"""A letter as it is shown to whoever asks for it, and the reference that names it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.shapes import Shape

LetterReference = Annotated[str, Field(pattern=r"^[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$")]
"""What a person reads out to name a referral: `0123-4567-89AB`."""


class ComposedLetter(Shape):
    """A letter: its reference, and the PDF in base64."""

    reference: LetterReference
    pdf: str


def letter_reference(referral_id: UUID) -> str:
    """The reference in every letter of a referral: the last 12 digits of its id, in fours.

    Known from the draft on, and the same in a repeat and in a cancellation.
    """
    digits = referral_id.hex[-12:].upper()
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
