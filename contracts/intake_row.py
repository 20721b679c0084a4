"""A row of an intake as a form outside gives it, and what each of its fields may be.

Source: docs/contract/wire.md#intake, after the external referrals of case-management systems.
"""

import math
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from contracts.shapes import Shape
from contracts.text import NAME_LENGTH, OWN_WORDS, Notes, RequiredLine, clean_text
from contracts.values import FIELD_NAME_PATTERN

SCALAR_LENGTH = 2_000
MOST_EXTRA = 60
MOST_ROWS = 50
_INTEGERS = range(-(2**63), 2**63)

Scalar = str | int | float | bool | None


def parse_scalar(value: Any) -> Scalar:
    """A text of at most 2,000 characters, a number, a boolean or null; a blank text is null.

    Of numbers, integers of 64 bits, and fractions as far as a double tells them apart: what any
    JSON reader keeps (RFC 7493, section 2.2).
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = clean_text(value, multiline=True)
        if text is not None and len(text) > SCALAR_LENGTH:
            raise PydanticCustomError(
                "string_too_long", f"Text should have at most {SCALAR_LENGTH} characters"
            )
        return text
    if isinstance(value, int) and value in _INTEGERS:
        return value
    if isinstance(value, float | Decimal) and math.isfinite(float(value)):
        return float(value)
    raise PydanticCustomError(
        "scalar_type", "Must be a text, a number of at most 64 bits, true, false or null"
    )


AnyScalar = Annotated[
    Any,
    BeforeValidator(parse_scalar),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": SCALAR_LENGTH},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "null"},
            ]
        }
    ),
]
"""Whatever a form's field may hold."""

FieldName = Annotated[str, StringConstraints(pattern=FIELD_NAME_PATTERN)]


_ID_WORDS = "Must be a string, or an integer of at most 64 bits"


def _id_text(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number and value in _INTEGERS:
        return str(value)
    if value is None:
        return None
    raise PydanticCustomError("string_type", _ID_WORDS, OWN_WORDS)


def _required_id_text(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("string_type", _ID_WORDS, OWN_WORDS)
    text = _id_text(value)
    if text is None:
        raise PydanticCustomError("text_empty", "Must not be empty, or hold nothing that shows")
    return text


_Id = Annotated[str, StringConstraints(max_length=NAME_LENGTH)]
_WRITTEN: list[dict[str, Any]] = [
    {"type": "string", "maxLength": NAME_LENGTH},
    {"type": "integer"},
]
IdText = Annotated[
    _Id | None,
    BeforeValidator(_id_text),
    WithJsonSchema({"anyOf": [*_WRITTEN, {"type": "null"}]}),
]
"""Another system's id: a text or an integer, kept as text; or null, as an empty one is."""
RequiredId = Annotated[_Id, BeforeValidator(_required_id_text), WithJsonSchema({"anyOf": _WRITTEN})]
"""The same, where there must be one."""


class IntakeRow(Shape):
    """A person whom somebody outside refers. Any other field of a form is taken beside these.

    `source` is the form, `referral_role` the part that the person plays in it, `project` where the
    referral must go. `date_of_birth`, `telephone`, `mobile` and `email` may be anything: what does
    not parse is kept as it is.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[FieldName, AnyScalar] = Field(init=False)

    first_name: RequiredLine
    surname: RequiredLine
    org_type_id: RequiredId
    source: IdText = None
    referral_role: Annotated[IdText, Field(validate_default=True)] = None
    project: IdText = None
    description: Notes = None
    date_of_birth: AnyScalar = None
    telephone: AnyScalar = None
    mobile: AnyScalar = None
    email: AnyScalar = None

    @field_validator("surname")
    @classmethod
    def _fits_one_name(cls, surname: str, info: ValidationInfo) -> str:
        first_name = info.data.get("first_name", "")
        if len(full_name(first_name, surname)) > NAME_LENGTH:
            raise PydanticCustomError(
                "name_too_long",
                f"First name and surname together should have at most {NAME_LENGTH - 1} characters",
            )
        return surname

    @field_validator("referral_role")
    @classmethod
    def _is_given_with_a_source(cls, role: str | None, info: ValidationInfo) -> str | None:
        if role is None and info.data.get("source") is not None:
            raise PydanticCustomError(
                "missing", "A row with a source needs a referral_role", OWN_WORDS
            )
        return role

    @model_validator(mode="after")
    def _has_not_too_many(self) -> "IntakeRow":
        if len(self.others) > MOST_EXTRA:
            raise PydanticCustomError(
                "too_many_fields", f"A row should have at most {MOST_EXTRA} fields of its own"
            )
        return self

    @property
    def others(self) -> dict[str, Scalar]:
        """The fields that are none of those above."""
        return self.model_extra or {}


def full_name(first_name: str, surname: str) -> str:
    """How the person is called as a patient."""
    return f"{first_name} {surname}"
