"""Answers and problems as Starlette sends them."""

from collections.abc import Mapping

from starlette.responses import Response

from services.edge.calls.answering import Answer
from services.edge.calls.json_api_answers import errors
from services.edge.problems import PROBLEM_CONTENT_TYPE, HttpProblem
from services.edge.routes import Form, Shown


def problem_response(
    problem: HttpProblem,
    headers: Mapping[str, str] | None = None,
    form: Form = Form.FIELDS,
) -> Response:
    """A refusal as a form of interface has it; `headers` join its own."""
    if form is Form.JSON_API:
        content_type, body = Shown.JSON_API.value, errors(problem)
    else:
        content_type, body = PROBLEM_CONTENT_TYPE, problem.body()
    said = {"Content-Type": content_type, **problem.headers, **(headers or {})}
    return Response(body, problem.status, said)


def answer_response(answer: Answer, headers: Mapping[str, str]) -> Response:
    """A success; `headers` join its own."""
    said = {**answer.headers, **headers}
    if answer.body is not None:
        said["Content-Type"] = answer.content_type
    return Response(answer.body or b"", answer.status, said)
