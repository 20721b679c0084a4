"""The reply to a command or query: `data` or `problem`, never both."""

from enum import IntEnum
from typing import Any, Self

from pydantic import model_serializer, model_validator

from contracts.problems import Problem
from contracts.shapes import Shape

REPLY_TYPE = "reply"
REPLY_CONTENT_TYPE = "application/json"


class ReplyStatus(IntEnum):
    """What a success means."""

    OK = 200
    CREATED = 201
    ACCEPTED = 202
    ARCHIVED = 204


class Reply(Shape):
    """`status` is a ReplyStatus or the problem's; `data` is null after an archive."""

    status: int
    data: Any = None
    problem: Problem | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.problem is not None and (self.data is not None or self.status < 400):
            raise ValueError("a problem comes with its status and without data")
        return self

    @model_serializer
    def _data_or_problem(self) -> dict[str, Any]:
        if self.problem is None:
            return {"status": self.status, "data": self.data}
        problem = self.problem.model_dump(mode="json")
        if self.problem.current_version is None:
            del problem["current_version"]
        return {"status": self.status, "problem": problem}
