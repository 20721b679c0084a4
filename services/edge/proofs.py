"""Proofs of work of ALTCHA: that a form was filled in by a browser that took its time.

Whoever shows the form makes the challenges, by the key that the edge is given too
(https://altcha.org/docs/v3/, its protocol of version 2).
"""

import base64
import hashlib
import json
from collections import OrderedDict
from typing import Any, Final

from altcha import verify_solution

from services.edge.problems import Detail, HttpProblem, invalid

PROOF_FIELD: Final = "altcha"
MOST_REMEMBERED = 10_000
"""Proofs that were taken last; of each replica alone."""


class Proofs:
    """Checks proofs, and takes each for one submission alone."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._taken: OrderedDict[str, bytes] = OrderedDict()

    def check(self, proof: Any, body: bytes) -> None:
        """Raises HttpProblem 422 where it proves nothing.

        The same body may come again with its proof: that is a repeat.
        """
        if proof is None:
            raise _refused("missing", "A proof of work by ALTCHA is asked for")
        if not isinstance(proof, str) or not verify_solution(proof, self._key).verified:
            raise _refused("altcha", "Proves nothing: it is expired, or no solution")
        challenge = _challenge(proof)
        if challenge["parameters"].get("expiresAt") is None:
            raise _refused("altcha", "Proves nothing: its challenge does not expire")
        digest = hashlib.sha256(body).digest()
        if self._taken.setdefault(challenge["signature"], digest) != digest:
            raise _refused("altcha_taken", "It was used for another submission already")
        if len(self._taken) > MOST_REMEMBERED:
            self._taken.popitem(last=False)


def _challenge(proof: str) -> dict[str, Any]:
    """The challenge of a proof that is verified."""
    challenge: dict[str, Any] = json.loads(base64.b64decode(proof))["challenge"]
    return challenge


def _refused(kind: str, msg: str) -> HttpProblem:
    return invalid([Detail(("body", PROOF_FIELD), kind, msg)])
