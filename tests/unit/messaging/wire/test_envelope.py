"""The first check of a message: every clause of what makes it well-formed."""

import hashlib
import json
import time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Refusal
from messaging.wire.envelope import Envelope, read_envelope
from tests.support.broker.deliveries import MESSAGE_ID, delivery

LEAST = {"org_id": "o"}
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MIB = 1_048_576


def read(body: bytes | dict[str, Any], **properties: Any) -> Envelope:
    return read_envelope(delivery(body, **properties))


def detail_of(body: bytes | dict[str, Any], **properties: Any) -> str:
    """What the refusal says. Fails where the message is taken, or refused as anything else."""
    with pytest.raises(Refusal) as refused:
        read(body, **properties)
    problem = refused.value.problem
    assert (problem.code, problem.code.status) == ("malformed_message", 400)
    assert problem.errors == [] and problem.current_version is None
    return problem.detail


def nested(depth: int, opening: str = '{"a":', closing: str = "}", core: str = "1") -> bytes:
    """A body nested so deep: itself is the first level."""
    inside = opening * (depth - 1) + core + closing * (depth - 1)
    return f'{{"org_id": "o", "x": {inside}}}'.encode()


def test_a_well_formed_message_says_what_it_is() -> None:
    """Operation, org, id and body are read; what was left out is null."""
    envelope = read({"org_id": "org_1", "name": "N"}, routing_key="patient.put")
    assert envelope.operation == "patient.put"
    assert envelope.org_id == "org_1"
    assert envelope.message_id == UUID(MESSAGE_ID)
    assert envelope.payload == {"org_id": "org_1", "name": "N"}
    assert (envelope.user_id, envelope.actor, envelope.traceparent) == (None, None, None)


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json", "application/JSON", "APPLICATION/JSON; charset=UTF-8"),
        *("application/json;charset=utf-8", 'application/json; charset="utf-8"'),
        *(
            "application/json; Charset=Utf-8",
            "application/json;",
            " application/json ; charset=utf-8",
        ),
    ],
)
def test_the_content_type_is_application_json_however_it_is_written(content_type: str) -> None:
    """In any case, with the charset or without (RFC 9110, section 8.3)."""
    assert read(LEAST, content_type=content_type).org_id == "o"


@pytest.mark.parametrize(
    "content_type",
    [
        *(None, "", "text/plain", "json", "application/json-seq", "application/jsonx", ";"),
        *("application/cloudevents+json", "application/json, application/json"),
        *("application/json; charset=latin-1", "application/json; charset=utf-16"),
        *("application/json; charset=", "application/json; profile=a", "application/json; utf-8"),
        "application/json; charset=utf-8; profile=a",
    ],
)
def test_any_other_content_type_is_malformed(content_type: str | None) -> None:
    """Another type, another charset, or a parameter that might change what the body means."""
    assert "content_type" in detail_of(LEAST, content_type=content_type)


def test_another_charset_is_told_which_there_is() -> None:
    """The type is right: what is wrong is said, and that the body has to be in UTF-8."""
    told = detail_of(LEAST, content_type="application/json; charset=iso-8859-1")
    assert told == (
        "content_type must be application/json with charset=utf-8 behind it or nothing: the body "
        "must be in UTF-8."
    )


@pytest.mark.parametrize(
    "encoding", [None, "", "utf-8", "UTF-8", "utf8", "UTF8", "Utf-8", "identity", "IDENTITY"]
)
def test_the_content_encodings_of_other_stacks_are_taken(encoding: str | None) -> None:
    """Spring AMQP writes the charset there; nothing of the body is encoded."""
    assert read(LEAST, content_encoding=encoding).org_id == "o"


@pytest.mark.parametrize("encoding", ["gzip", "latin-1", "utf-16", "deflate", "utf-8, gzip", "br"])
def test_any_other_content_encoding_is_malformed(encoding: str) -> None:
    """Nothing is unpacked or converted."""
    assert "content_encoding" in detail_of(LEAST, content_encoding=encoding)


def test_a_byte_order_mark_is_passed_over() -> None:
    """One, before the body; the same body with it and without it is the same message."""
    marked = b"\xef\xbb\xbf" + json.dumps(LEAST).encode()
    assert read(marked).payload == LEAST
    assert read(marked).body_hash == read(json.dumps(LEAST).encode()).body_hash
    assert "JSON" in detail_of(b"\xef\xbb\xbf" + marked)
    assert "JSON" in detail_of(b"\xef\xbb\xbf")


def test_the_type_equals_the_routing_key_where_it_is_there() -> None:
    """A message that says two different things is not guessed at."""
    taken = read(LEAST, routing_key="patient.put", message_type="patient.put")
    assert taken.operation == "patient.put"
    assert "type" in detail_of(LEAST, routing_key="patient.put", message_type="patient.archive")
    assert "type" in detail_of(LEAST, routing_key="patient.put", message_type="Patient.put")


@pytest.mark.parametrize(
    "message_id",
    [
        *(None, "", "1", "0192d4e07b1a7c3d8e4f123456789ab", f"urn:uuid:{MESSAGE_ID}"),
        *(f"{{{MESSAGE_ID}}}", f"{MESSAGE_ID} ", f"{MESSAGE_ID}0", "not-a-uuid"),
    ],
)
def test_a_command_has_a_uuid_as_its_message_id(message_id: str | None) -> None:
    """It is the idempotency key: without it, nothing can be done just once."""
    assert "message_id" in detail_of(LEAST, message_id=message_id)


def test_a_message_id_is_the_same_in_upper_case() -> None:
    """A UUID is a number, its case no part of it."""
    assert read(LEAST, message_id=MESSAGE_ID.upper()).message_id == UUID(MESSAGE_ID)


def test_a_query_needs_reply_to_and_no_message_id() -> None:
    """A message id that is no UUID is as good as none there."""

    def ask(**properties: Any) -> Envelope:
        message = delivery(LEAST, **properties)
        return read_envelope(message, needs_message_id=False, needs_reply_to=True)

    assert ask(message_id=None, reply_to="q").message_id is None
    assert ask(reply_to="q").message_id == UUID(MESSAGE_ID)
    # Client libraries make up ids of their own kind where none was given.
    assert ask(reply_to="q", message_id="ID-0192").message_id is None
    for lacking in ({"reply_to": None}, {"reply_to": ""}):
        with pytest.raises(Refusal):
            ask(**lacking)


def test_a_body_is_at_most_one_mebibyte() -> None:
    """1,048,576 bytes are taken, one more is not."""
    start = b'{"org_id": "o", "x": "'
    longest = start + b"x" * (MIB - len(start) - 2) + b'"}'
    assert len(longest) == MIB
    assert read(longest).org_id == "o"
    assert "1 MiB" in detail_of(longest + b" ")


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_a_body_is_nested_at_most_32_deep(opening: str, closing: str) -> None:
    """The object itself is the first level; lists count as objects do."""
    assert read(nested(32, opening, closing)).org_id == "o"
    assert "32" in detail_of(nested(33, opening, closing))
    assert "32" in detail_of(nested(32, opening, closing, core="[]"))


def test_a_string_that_does_not_end_is_looked_through_once() -> None:
    """1 MiB of escaped quotes, behind more brackets than may be nested: refused within a second."""
    body = b"[" * 33 + b'"' + b'\\"' * 500_000
    began = time.perf_counter()
    assert "32" in detail_of(body)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_a_body_nested_without_end_is_refused_like_one_that_is_a_little_too_deep(
    depth: int,
) -> None:
    """In the same words, though it be no JSON for another reason too: no parser comes to it."""
    says = "The body must be nested at most 32 deep."
    assert detail_of(nested(depth, "[", "]")) == says
    assert detail_of(b'{"org_id":"o","x":' + b"[" * depth) == says
    assert detail_of(b'{"org_id":"o","x":' + b'{"a":' * depth + b"NaN") == says


def test_what_is_no_level_is_not_counted() -> None:
    """Neither brackets of a text, whatever it escapes, nor levels that are over."""
    text = json.dumps('"[{' * 40 + "\\" + "[" * 40)
    beside = ",".join(["[{}]"] * 40)
    body = f'{{"org_id": "o", "{"{" * 40}": {text}, "y": [{beside}]}}'.encode()
    assert read(body).org_id == "o"
    assert "32" in detail_of(body[:-1] + b',"x":' + b"[" * 32 + b"]" * 32 + b"}")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_not_json(constant: str) -> None:
    """At any place of the body, also in a field that nobody knows."""
    for body in (f'{{"org_id":"o","x":{constant}}}', f'{{"org_id":"o","x":[{{"y":{constant}}}]}}'):
        assert "JSON" in detail_of(body.encode())


def test_of_a_repeated_key_the_last_one_counts() -> None:
    """At the top and further down."""
    envelope = read(b'{"org_id":"a","x":{"y":1,"y":2},"org_id":"b"}')
    assert envelope.org_id == "b"
    assert envelope.payload["x"] == {"y": 2}


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"null", b"1", b'"org_id"', b"[]", b'[{"org_id":"o"}]', b"true"),
        *(b"{", b'{"org_id":"o"', b'{"org_id":"o"}}', b'{"org_id":"o"}{"org_id":"o"}'),
        *(b"{'org_id':'o'}", b'{"org_id":"o",}', b'{org_id:"o"}', b'{"org_id":"o"} // x'),
        *(b'{"org_id":"o","x":01}', b'{"org_id":"o","x":.5}', b'{"org_id":"o","x":+1}'),
        *(b'{"org_id":"o","x":0x10}', b'{"org_id":"o","x":"\n"}', b'{"org_id":"o","x":"\\x"}'),
        *(b'{"org_id":"o","x":"\xff"}', b'{"org_id":"o","x":"\xc3"}', b"\xff\xfe{\x00}\x00"),
        *(b'{"org_id":"o","x":"\xed\xa0\x80"}', b'{"org_id":"o","x":"\xc0\x80"}'),
        b'\xef\xbb\xbf\xef\xbb\xbf{"org_id":"o"}',
        '{"org_id":"o"}'.encode("utf-16"),
    ],
)
def test_a_body_is_one_json_object_in_utf_8(body: bytes) -> None:
    """No list, no second document, no comment, no byte order mark, no broken or overlong octets."""
    assert detail_of(body)


@pytest.mark.parametrize(
    "org",
    [None, "", "x" * 65, "a b", "a,b", "ä", "a\n", 1, True, ["o"], {"a": 1}, "a\x00", "\ud800"],
)
def test_a_message_names_a_valid_org(org: object) -> None:
    """1 to 64 of letters, digits, `_` and `-`; a message without a valid one is malformed."""
    assert "org_id" in detail_of(json.dumps({"org_id": org}).encode())


def test_a_message_without_an_org_is_malformed() -> None:
    """Also where another field looks like it."""
    assert "org_id" in detail_of({"orgid": "o", "ORG_ID": "o"})


@pytest.mark.parametrize("digits", [1, 18, 19, 25, 30, 31, 4_300, 5_000, 100_000])
def test_an_integer_of_any_length_is_read(digits: int) -> None:
    """It is JSON; that no field takes it is for the contract to say."""
    held = read(f'{{"org_id":"o","x":{"9" * digits}}}'.encode()).payload["x"]
    assert held == Decimal("9" * digits)


def test_numbers_stay_exact() -> None:
    """A fraction is not rounded to what a float can hold, and an integer is not made a fraction."""
    payload = read(b'{"org_id":"o","a":0.1,"b":1.10,"c":12345678901234567890.12,"d":2}').payload
    assert payload["a"] == Decimal("0.1") and str(payload["b"]) == "1.10"
    assert payload["c"] == Decimal("12345678901234567890.12")
    assert payload["d"] == 2 and isinstance(payload["d"], int)


@pytest.mark.parametrize("number", ["1e400", "1e-400", "-1e999999", "1E+2", "-0.0", "0e0"])
def test_a_number_beyond_every_float_is_read(number: str) -> None:
    """JSON has no largest number."""
    held = read(f'{{"org_id":"o","x":{number}}}'.encode()).payload["x"]
    assert held == Decimal(number)


@pytest.mark.parametrize("traceparent", [TRACEPARENT, "01" + TRACEPARENT[2:]])
def test_a_trace_context_is_carried(traceparent: str) -> None:
    """The W3C header, as it came."""
    assert read(LEAST, headers={"traceparent": traceparent}).traceparent == traceparent


@pytest.mark.parametrize(
    "traceparent",
    [
        *("", "x", TRACEPARENT.upper(), TRACEPARENT[:-1], TRACEPARENT + "-x", 1, b"\xff", None),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "ff" + TRACEPARENT[2:],
    ],
)
def test_a_broken_trace_context_is_left_out_and_the_message_taken(traceparent: Any) -> None:
    """That standard asks to start anew, not to fail; all zeros and version ff are broken."""
    assert read(LEAST, headers={"traceparent": traceparent}).traceparent is None


@pytest.mark.parametrize("actor", ["user-17", "x" * 128, "日本", "a b"])
def test_an_actor_is_carried(actor: str) -> None:
    """An opaque id of at most 128 characters."""
    assert read(LEAST, headers={"actor": actor}).actor == actor


@pytest.mark.parametrize("actor", ["x" * 129, 17, b"\xff\xfe", ["a"], "a\nb", "a\x00"])
def test_an_actor_that_is_no_such_id_is_malformed(actor: Any) -> None:
    """It would go into the audit trail."""
    assert "actor" in detail_of(LEAST, headers={"actor": actor})


def test_a_repeat_is_known_by_operation_and_body() -> None:
    """The same bytes under the same operation, nothing else."""
    first = read(b'{"org_id":"o"}', routing_key="patient.put")
    same = read(b'{"org_id":"o"}', routing_key="patient.put", correlation_id="other", reply_to="r")
    assert first.body_hash == same.body_hash
    assert first.body_hash == hashlib.sha256(b'patient.put\0{"org_id":"o"}').digest()
    assert first.body_hash != read(b'{"org_id":"o"}', routing_key="provider.put").body_hash
    assert first.body_hash != read(b'{"org_id": "o"}', routing_key="patient.put").body_hash


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_no_body_makes_the_first_check_fall_over(body: bytes) -> None:
    """Any octets are taken or malformed."""
    try:
        envelope = read(body)
    except Refusal:
        return
    assert json.loads(body)["org_id"] == envelope.org_id
