"""Refusals in one shape."""

import orjson
import pytest

from contracts.problems import ProblemCode
from ops.environment import CHECKOUT
from services.edge.problems import EdgeCode, HttpProblem, refusal, words


def test_a_refusal_is_problem_details() -> None:
    """RFC 9457's members, with what joins them, and the list that says where."""
    problem = refusal(EdgeCode.FORBIDDEN, ("path", "org_id"), "No.", members={"more": 1})
    assert orjson.loads(problem.body()) == {
        "type": "urn:handoff:problem:forbidden",
        "title": "Forbidden",
        "status": 403,
        "code": "forbidden",
        "more": 1,
        "detail": [{"loc": ["path", "org_id"], "type": "forbidden", "msg": "No."}],
    }


def test_a_refusal_says_something() -> None:
    """An empty `detail` would say nothing."""
    with pytest.raises(ValueError, match="what is wrong"):
        HttpProblem(400, "x", [])


@pytest.mark.parametrize("code", EdgeCode)
def test_every_code_is_a_refusal(code: EdgeCode) -> None:
    """With a status of its own kind."""
    assert 400 <= code.status <= 599


def test_every_code_is_on_the_contracts_page() -> None:
    """So that a client knows what to decide by."""
    page = (CHECKOUT / "docs" / "contract" / "http.md").read_text("utf-8")
    assert [code.value for code in EdgeCode if f"`{code.value}`" not in page] == []
    assert "`reply_forgotten`" in page


def test_titles_are_as_the_services_write_them() -> None:
    """The same code has the same title by AMQP and by HTTP."""
    assert all(words(code.value) == code.words for code in ProblemCode)
