"""The rows of what forms outside send."""

import time
from contextlib import suppress
from typing import Any

import pytest

from services.edge.calls.external_referrals import LIMIT_BYTES, Submission, read_rows
from services.edge.problems import HttpProblem

FORM = {"content-type": "application/x-www-form-urlencoded"}


def read(body: bytes, proof: str | None = None, **headers: str) -> Submission:
    """What a body says."""
    return read_rows({**FORM, **headers}, body, honeypot="website", proof=proof)


def refused(body: bytes, **headers: str) -> tuple[int, tuple[str | int, ...], str]:
    """Status, place and type of a refusal."""
    with pytest.raises(HttpProblem) as caught:
        read(body, **headers)
    (detail,) = caught.value.detail
    return caught.value.status, detail.loc, detail.type


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'[{"a": "1",},{"a": 2},]', [{"a": "1"}, {"a": 2}]),
        (b' \n{"a": [1,], }', [{"a": [1]}]),
        (b'\xef\xbb\xbf[{"a": ",]"}]', [{"a": ",]"}]),
        (b'[{"a": "x\\",}"}]', [{"a": 'x",}'}]),
        (b"[5]", [5]),
        (b"[]", []),
        (b"%5B%7B%22a%22%3A+1%2C%7D%5D", [{"a": 1}]),
        (b"anything=%7B%22a%22:%22%26%3D%22%7D", [{"a": "&="}]),
        (b"2[a]=third&0[a]=first&1[a]=second", [{"a": "first"}, {"a": "second"}, {"a": "third"}]),
        (b"[7][a]=x&[7][b]=%C3%A9", [{"a": "x", "b": "\u00e9"}]),
        (b"people[0][a]=x+y&people%5B1%5D%5Ba%5D=", [{"a": "x y"}, {"a": ""}]),
        (b"a=x&b=", [{"a": "x", "b": ""}]),
        (b"a={see notes}&b=[1]", [{"a": "{see notes}", "b": "[1]"}]),
    ],
)
def test_rows_come_in_four_forms(body: bytes, rows: list[Any]) -> None:
    """JSON, in a field too; keys with brackets, by their numbers; plain keys."""
    assert read(body).rows == rows


@pytest.mark.parametrize(
    "body",
    [
        b"a=x&0[a]=y",
        b"0[a]=x&[1][a]=y",
        b"x[0][a]=x&y[1][a]=y",
        b"a=x&b=%5B%7B%22a%22%3A1%7D%5D",
        b"%7B%22a%22%3A1%7D=&b=x",
        b"a[b]=x",
        b"0[a][]=x",
        b'[{"a": 1}',
        b'[{"a": 1},,]',
        b"[,]",
        b"[{,}]",
        b'[{"a":,}]',
        b'[{"a": NaN}]',
        b"[" * 33 + b"]" * 33,
        b"a=%ff",
        b"a=%4",
        b"",
        b"website=x",
    ],
)
def test_what_is_none_of_them_is_malformed(body: bytes) -> None:
    """400: mixed forms, broken JSON, what is no UTF-8, and nothing at all."""
    assert refused(body) == (400, ("body",), "malformed_request")


def test_a_field_that_comes_twice_is_refused() -> None:
    """In its row; none of the two is dropped."""
    assert refused(b"0[a]=1&1[b]=1&1[b]=2") == (422, ("body", 1, "b"), "repeated")
    assert refused(b"a=1&a=1") == (422, ("body", 0, "a"), "repeated")


def test_json_has_any_content_type_and_a_form_its_own() -> None:
    """415 for a form that says it is something else, and for what is packed."""
    for content_type in ("text/plain", "multipart/form-data", "application/pdf"):
        assert read(b"[{}]", **{"content-type": content_type}).rows == [{}]
        header = ("header", "Content-Type")
        assert refused(b"a=x", **{"content-type": content_type})[:2] == (415, header)
    assert read_rows({}, b"a=x", honeypot="website", proof=None).rows == [{"a": "x"}]
    packed = refused(b"[{}]", **{"content-encoding": "gzip"})
    assert packed[:2] == (415, ("header", "Content-Encoding"))


@pytest.mark.parametrize(
    ("body", "rows", "suspect"),
    [
        (b"a=x&website=", [{"a": "x"}], False),
        (b"a=x&website=+", [{"a": "x"}], False),
        (b"a=x&website=y", [{"a": "x", "website": "y"}], True),
        (b"0[a]=x&1[a]=y&website=z", [{"a": "x", "website": "z"}, {"a": "y"}], True),
        (b"0[a]=x&1[website]=z", [{"a": "x"}, {"website": "z"}], True),
        (b'[{"a": 1, "website": null}]', [{"a": 1}], False),
        (b'[{"a": 1, "website": 0}]', [{"a": 1, "website": 0}], True),
        (b'[5, {"website": "z"}]', [5, {"website": "z"}], True),
    ],
)
def test_a_filled_honeypot_stays_and_an_empty_one_goes(
    body: bytes, rows: list[Any], suspect: bool
) -> None:
    """In a row, or beside the rows: then the first one has it."""
    submission = read(body)
    assert (submission.rows, submission.suspected_spam) == (rows, suspect)


def test_a_proof_of_work_is_taken_out_where_one_is_asked_for() -> None:
    """Of a row or from beside them; where none is asked for it is a field like any other."""
    for body in (b"a=x&altcha=p", b"0[a]=x&altcha=p", b'[{"a": "x", "altcha": "p"}]'):
        submission = read(body, proof="altcha")
        assert (submission.rows, submission.proof) == ([{"a": "x"}], "p")
    submission = read(b"a=x&altcha=p")
    assert (submission.rows, submission.proof) == ([{"a": "x", "altcha": "p"}], None)
    assert read(b"a=x", proof="altcha").proof is None


@pytest.mark.parametrize("unit", [b'\\"', b", ", b" ", b"[", b",]", b'"', b"0[", b"a&", b"%5B"])
@pytest.mark.parametrize("begins", [b"[", b'["', b"[0][", b"a="])
def test_no_body_takes_long(begins: bytes, unit: bytes) -> None:
    """64 KiB of whatever an expression could look through again and again."""
    body = begins + unit * ((LIMIT_BYTES - 4) // len(unit))
    began = time.perf_counter()
    with suppress(HttpProblem):
        read(body)
    assert time.perf_counter() - began < 2
