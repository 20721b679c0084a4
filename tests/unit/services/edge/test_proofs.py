"""Proofs of work."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from altcha import Payload, create_challenge, solve_challenge

from services.edge import proofs
from services.edge.problems import HttpProblem
from services.edge.proofs import Proofs

KEY = "a key of one hundred and twenty-eight bits"


def proof(key: str = KEY) -> str:
    """A solved challenge."""
    ends = datetime.now(UTC) + timedelta(minutes=10)
    challenge = create_challenge(
        "SHA-256", 1, key_prefix_length=1, hmac_secret=key, expires_at=ends
    )
    solution = solve_challenge(challenge)
    assert solution is not None
    made: str = Payload(challenge, solution).to_base64()
    return made


def refused(checking: Proofs, given: Any, body: bytes = b"body") -> str:
    """The type of a refusal."""
    with pytest.raises(HttpProblem) as caught:
        checking.check(given, body)
    (detail,) = caught.value.detail
    assert (caught.value.status, detail.loc) == (422, ("body", "altcha"))
    return detail.type


def test_a_proof_is_of_one_body() -> None:
    """Which may come again; with another body it is used up."""
    checking, given = Proofs(KEY), proof()
    checking.check(given, b"body")
    checking.check(given, b"body")
    assert refused(checking, given, b"another") == "altcha_taken"


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten first."""
    monkeypatch.setattr(proofs, "MOST_REMEMBERED", 2)
    checking, given = Proofs(KEY), [proof() for _ in range(3)]
    for one in given:
        checking.check(one, b"body")
    assert refused(checking, given[2], b"another") == "altcha_taken"
    checking.check(given[0], b"another")


def test_what_proves_nothing_is_refused() -> None:
    """Also where its parts are of other types than they should be."""
    checking = Proofs(KEY)
    assert refused(checking, None) == "missing"
    written = json.loads(base64.b64decode(proof()))
    unsolved = {**written, "solution": {"counter": "x", "derivedKey": 5}}
    dearer = {**written, "challenge": {**written["challenge"], "parameters": {}}}
    wrong: list[Any] = [5, {}, [], None, {"challenge": 5}, unsolved, dearer]
    texts = [base64.b64encode(json.dumps(one).encode()).decode() for one in wrong]
    for given in (5, [], "", "x", "\u00e9", proof("the key of somebody else"), *texts):
        assert refused(checking, given) == "altcha"
