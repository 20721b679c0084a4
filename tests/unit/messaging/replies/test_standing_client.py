"""A reply, read. The client itself is looked at in tests/integration/edge."""

import orjson
import pytest

from messaging.replies.standing_client import Replied, read_reply


@pytest.mark.parametrize(
    "data", [b"null", b'{"total_cost":12345678901234567.10}', b'{"data":{"status":1}}', b'"}"']
)
def test_data_is_as_the_service_wrote_it(data: bytes) -> None:
    """To the byte: no float between."""
    assert read_reply(b'{"status":201,"data":' + data + b"}") == Replied(201, data)


def test_another_way_to_write_a_reply_is_read_too() -> None:
    """With white space, or the data first."""
    assert read_reply(b'{"data": {"a": 1}, "status": 200}') == Replied(200, b'{"a":1}')


def test_a_problem_is_read() -> None:
    """As it is."""
    problem = {"code": "forbidden", "errors": []}
    body = orjson.dumps({"status": 403, "problem": problem})
    assert read_reply(body) == Replied(403, b"null", problem)


def test_a_reply_that_was_emptied_has_its_status() -> None:
    """A repeat of a refusal, after a week."""
    assert read_reply(b'{"status":409,"data":null}') == Replied(409, b"null")
