"""A refusal in short: its problem, and each refused field."""

from typing import Any

from messaging.replies.client import Reply


def problem(answered: Reply, status: int, code: str) -> dict[str, Any]:
    """The problem of a refusal. Fails where it is another one."""
    assert (answered.status, answered.data) == (status, None)
    assert answered.problem is not None
    assert answered.problem["code"] == code, answered
    assert ("current_version" in answered.problem) == (code == "version_conflict")
    return answered.problem


def errors(answered: Reply) -> set[tuple[str, str]]:
    """Each refused field with its type. Fails where it is another refusal."""
    refused = problem(answered, 422, "validation_error")["errors"]
    assert refused
    assert all(error["msg"] for error in refused)
    return {(".".join(map(str, error["loc"])), error["type"]) for error in refused}
