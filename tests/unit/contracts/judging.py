"""A contract's judgement of a value: taken, or refused with an error type."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from contracts.shapes import Shape


@cache
def _holder(annotation: Any) -> type[Shape]:
    """A message with one field, as strict as every message."""
    return create_model("Holder", __base__=Shape, value=(annotation, ...))


def taken(annotation: Any, value: Any) -> Any:
    """The value as the contract holds it. Fails where it is refused."""
    return getattr(_holder(annotation).model_validate({"value": value}), "value")  # noqa: B009


def refusal(annotation: Any, value: Any) -> str | None:
    """The type of the first error, or None where the value is taken."""
    refused = refused_fields(_holder(annotation), {"value": value})
    return min(error for _, error in refused) if refused else None


def refused_fields(shape: type[BaseModel], fields: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Each refused field with the type of its error; empty where all are taken.

    An error about the whole message has an empty name.
    """
    try:
        shape.model_validate(fields)
    except ValidationError as error:
        return {(".".join(map(str, item["loc"][:1])), item["type"]) for item in error.errors()}
    return set()
