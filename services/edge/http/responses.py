"""Answers and problems as Starlette sends them."""

from collections.abc import Mapping

from starlette.responses import Response

from services.edge.calls.answering import Answer
from services.edge.problems import PROBLEM_CONTENT_TYPE, HttpProblem


def problem_response(problem: HttpProblem, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal; `headers` join its own."""
    said = {"Content-Type": PROBLEM_CONTENT_TYPE, **problem.headers, **(headers or {})}
    return Response(problem.body(), problem.status, said)


def answer_response(answer: Answer, headers: Mapping[str, str]) -> Response:
    """A success; `headers` join its own."""
    said = {**answer.headers, **headers}
    if answer.body is not None:
        said["Content-Type"] = answer.content_type
    return Response(answer.body or b"", answer.status, said)
