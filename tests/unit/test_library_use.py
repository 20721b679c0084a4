"""Offers of the libraries that we leave alone, because they lose messages or tell secrets."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.environment import CHECKOUT

PACKAGES = ("contracts", "letters", "messaging", "services", "ops")
SOURCES = sorted(path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py"))
TREES = {path.relative_to(CHECKOUT).as_posix(): ast.parse(path.read_text()) for path in SOURCES}
DESCRIBES: set[str] = set()


def imported(tree: ast.AST) -> set[str]:
    """Every module and name that is imported, as `module.name`."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def calls(name: str) -> Iterator[tuple[str, dict[str | None, ast.expr]]]:
    """Each call of a function or method of that name: in which file, with which keywords."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                if getattr(called, "attr", getattr(called, "id", None)) == name:
                    yield path, {keyword.arg: keyword.value for keyword in node.keywords}


def test_faststream_describes_and_carries_nothing() -> None:
    """Its subscriber rejects without requeue and takes any number ahead, its publisher is not
    persistent, drops its timeout, and tells nobody of what was not routed, its logger quotes
    values: none of it runs here. What is imported are shapes, and none of them is started.
    """
    users = {
        path
        for path, tree in TREES.items()
        if any(name.split(".")[0] == "faststream" for name in imported(tree))
    }
    assert users == DESCRIBES
    for path in DESCRIBES:
        names = {name for name in imported(TREES[path]) if name.startswith("faststream")}
        assert names <= {
            *("faststream.rabbit.RabbitBroker", "faststream.rabbit.RabbitExchange"),
            *("faststream.rabbit.RabbitQueue", "faststream.rabbit.ExchangeType"),
            *("faststream.rabbit.schemas.queue.QueueType", "faststream.specification.AsyncAPI"),
        }
    for verb in ("start", "connect", "publish", "request", "run"):
        assert not DESCRIBES & {path for path, _ in calls(verb)}


def test_aio_pika_is_not_used() -> None:
    """It publishes replies as mandatory and logs what comes back."""
    assert not [path for path, tree in TREES.items() if "aio_pika" in str(imported(tree))]


def test_nothing_goes_back_to_its_queue_but_what_was_only_looked_at() -> None:
    """A nack is delivered again at once, round and round: what fails waits, unacknowledged."""
    assert {path for path, _ in calls("basic_nack")} == {"ops/dead_letters.py"}
    rejections = list(calls("basic_reject"))
    assert [path for path, _ in rejections] == ["messaging/intake/consumer.py"]
    (requeue,) = [keywords["requeue"] for _, keywords in rejections]
    assert isinstance(requeue, ast.Constant) and requeue.value is False


def test_every_publish_says_whether_it_must_be_routed() -> None:
    """By itself the library decides, and drops what finds no queue."""
    publishes = list(calls("basic_publish"))
    assert len(publishes) >= 5
    assert [path for path, keywords in publishes if "mandatory" not in keywords] == []


def test_every_engine_hides_parameters() -> None:
    """An error of SQLAlchemy quotes them otherwise, and they are patients\' data."""
    engines = list(calls("create_async_engine"))
    assert engines
    for path, keywords in engines:
        hidden = keywords.get("hide_parameters")
        assert isinstance(hidden, ast.Constant) and hidden.value is True, path


@pytest.mark.parametrize("path", [path for path in TREES if path.startswith("contracts/")])
def test_no_contract_parses_a_url_into_another_one(path: str) -> None:
    """Pydantic's URL types write `http://0x0a000001/` anew as `http://10.0.0.1/`."""
    assert not [name for name in imported(TREES[path]) if name.lower().endswith(("url", "dsn"))]


def test_the_sources_are_found() -> None:
    """Else nothing above looks at anything."""
    assert len(SOURCES) > 100
    assert all(isinstance(path, Path) for path in SOURCES)
