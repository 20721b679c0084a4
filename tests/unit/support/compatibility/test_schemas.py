"""Changes of a schema: whom each breaks."""

from typing import Any

import pytest

from tests.support.compatibility.schemas import Comparison, Direction

TAKEN, SAID = Direction.TAKEN, Direction.SAID
SHAPES: dict[str, dict[str, Any]] = {
    "old_name": {"type": "string"},
    "new_name": {"type": "string", "maxLength": 5},
    "tree": {"type": "object", "properties": {"next": {"$ref": "tree"}, "a": {"type": "string"}}},
    "tree_2": {"type": "object", "properties": {"next": {"$ref": "tree_2"}}},
}
NULLABLE = {"anyOf": [{"type": "string"}, {"type": "null"}]}
REPLIES = {
    "oneOf": [
        {"properties": {"status": {"const": 200}, "data": {"type": "string"}}},
        {"properties": {"status": {"const": 404}}},
    ]
}


def fields(*names: str, required: tuple[str, ...] = (), closed: bool = True) -> dict[str, Any]:
    """An object of strings."""
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(required),
    }
    return {**made, "additionalProperties": False} if closed else made


def told(direction: Direction, old: Any, new: Any) -> list[str]:
    """What breaks."""
    resolve = SHAPES.__getitem__
    return [str(one) for one in Comparison(resolve, resolve, direction).breaks(old, new, "x")]


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (fields("a", "b"), fields("a"), ["x.b: removed"]),
        (fields("a"), fields("a", "b"), []),
        (fields("a"), fields("a", required=("a",)), ["x.a: required now"]),
        (fields("a"), fields("a", "b", required=("b",)), ["x.b: required now"]),
        (fields("a", required=("a",)), fields("a"), []),
        (fields("a", closed=False), fields("a"), ["x: no other fields are taken any more"]),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, ["x: enum takes no b any more"]),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, []),
        ({"type": "string"}, {"enum": ["a"]}, ["x: enum takes no anything else any more"]),
        ({"type": ["string", "null"]}, {"type": "string"}, ["x: type takes no null any more"]),
        ({"type": "integer"}, {"type": "number"}, []),
        ({"type": "number"}, {"type": "integer"}, ["x: type takes no number any more"]),
        (NULLABLE, {"type": "string"}, ["x: alternative null is not taken any more"]),
        ({"type": "string"}, NULLABLE, []),
        (
            {"type": "string"},
            {"type": "string", "maxLength": 9},
            ["x: maxLength is 9, and was None"],
        ),
        ({"maxLength": 9}, {"maxLength": 8}, ["x: maxLength is 8, and was 9"]),
        ({"maxLength": 9}, {"maxLength": 10}, []),
        ({"minimum": 1}, {"minimum": 2}, ["x: minimum is 2, and was 1"]),
        ({"minimum": 1}, {"minimum": 0}, []),
        ({}, {"pattern": "^a$"}, ["x: pattern is ^a$, and was None"]),
        ({"pattern": "^a$"}, {}, []),
        ({}, {"not": {"required": ["a", "b"]}}, ["x: the condition not is another one"]),
        ({"not": {"required": ["a"]}}, {}, []),
        (
            {"items": {"enum": ["a", "b"]}},
            {"items": {"enum": ["b"]}},
            ["x[]: enum takes no a any more"],
        ),
        ({"$ref": "old_name"}, {"$ref": "new_name"}, ["x: maxLength is 5, and was None"]),
        ({"description": "one"}, {"description": "other", "default": 1, "title": "T"}, []),
    ],
)
def test_what_is_taken_may_not_be_narrowed(old: Any, new: Any, broken: list[str]) -> None:
    """Whatever a client sent by the old version is still taken."""
    assert told(TAKEN, old, new) == broken


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (fields("a", "b", closed=False), fields("a", closed=False), ["x.b: removed"]),
        (fields("a", closed=False), fields("a", "b", required=("b",), closed=False), []),
        (
            fields("a", required=("a",), closed=False),
            fields("a", closed=False),
            ["x.a: may be absent now"],
        ),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, ["x: enum may be b now"]),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, ["x: enum is never b any more"]),
        ({"enum": ["a"]}, {"type": "string"}, ["x: enum may be anything else now"]),
        ({"enum": ["malformed_message"]}, {"enum": ["malformed_message", "new"]}, []),
        (
            {"enum": ["malformed_message", "old"]},
            {"enum": ["malformed_message"]},
            ["x: enum is never old any more"],
        ),
        ({"type": "string"}, NULLABLE, ["x: alternative null is new"]),
        (NULLABLE, {"type": "string"}, []),
        ({"type": "number"}, {"type": "integer"}, []),
        ({"type": "integer"}, {"type": "number"}, ["x: type may be number now"]),
        ({"const": "a"}, {"const": "b"}, ["x: const may be b now"]),
        ({"format": "uuid"}, {}, ["x: format is None, and was uuid"]),
        ({}, {"format": "uuid"}, []),
        ({"maxLength": 9}, {"maxLength": 8}, []),
        (True, {"type": "string"}, []),
        ({"type": "string"}, True, ["x: type may be anything else now"]),
    ],
)
def test_what_is_said_may_only_gain_fields(old: Any, new: Any, broken: list[str]) -> None:
    """A reader of the old version understands whatever is said, and misses nothing."""
    assert told(SAID, old, new) == broken


def test_an_alternative_is_compared_with_the_one_that_is_nearest() -> None:
    """A reply of the same status, whichever place it has."""
    turned = {"oneOf": list(reversed(REPLIES["oneOf"]))}
    assert told(SAID, REPLIES, turned) == []
    changed = {
        "oneOf": [
            {"properties": {"status": {"const": 404}}},
            {"properties": {"status": {"const": 200}, "data": {"type": "integer"}}},
        ]
    }
    assert told(SAID, REPLIES, changed) == ["x.data: type may be integer now"]


def test_shapes_that_hold_themselves_end() -> None:
    """And their difference is told once."""
    assert told(SAID, {"$ref": "tree"}, {"$ref": "tree"}) == []
    assert told(SAID, {"$ref": "tree"}, {"$ref": "tree_2"}) == ["x.a: removed"]
