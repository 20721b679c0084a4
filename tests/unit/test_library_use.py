"""Offers of the libraries that we leave alone, because they lose messages or tell secrets."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.environment import CHECKOUT

PACKAGES = ("contracts", "client", "letters", "messaging", "services", "ops")
SOURCES = sorted(path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py"))
TREES = {path.relative_to(CHECKOUT).as_posix(): ast.parse(path.read_text()) for path in SOURCES}
SEAM = {"messaging/intake/subscriber.py", "messaging/intake/batch.py"}


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


def users_of(library: str) -> set[str]:
    """The files that import a library or a part of it."""
    return {
        path
        for path, tree in TREES.items()
        if any(name.split(".")[0] == library for name in imported(tree))
    }


def test_faststream_is_named_where_messages_come_in_and_where_a_service_runs() -> None:
    """Its insides, which it may change at any time, in one file."""
    assert users_of("faststream") == {
        *SEAM,
        *("messaging/running/contract.py", "messaging/running/routes.py"),
        *("messaging/running/service.py", "messaging/running/serving.py"),
    }
    inside = {path for path, tree in TREES.items() if "faststream._internal" in str(imported(tree))}
    assert inside == {"messaging/intake/subscriber.py"}


def written() -> list[tuple[str, dict[str | None, ast.expr]]]:
    """Each call by which a message leaves; what a handler publishes goes into the outbox first."""
    publishes = [*calls("basic_publish"), *calls("publish")]
    return [(path, said) for path, said in publishes if "routing_key" in said]


def test_faststream_publishes_nothing() -> None:
    """Its publisher is not persistent, drops its timeout, and tells of nothing unrouted."""
    assert list(calls("publisher")) == []
    assert {path for path, _ in written()} == {
        *("messaging/outbox/relay.py", "messaging/replies/publisher.py"),
        *("messaging/replies/client.py", "client/broker.py"),
    }
    seam = ast.unparse(TREES["messaging/intake/subscriber.py"])
    assert "no_reply=True" in seam


def test_faststream_writes_no_log() -> None:
    """It would quote what a client wrote."""
    made = [*calls("AsgiFastStream"), *calls("__init__")]
    loggers = [(path, said["logger"]) for path, said in made if "logger" in said]
    assert {path for path, _ in loggers} == {
        *("messaging/intake/subscriber.py", "messaging/running/service.py"),
        "messaging/running/serving.py",
    }
    assert all(isinstance(said, ast.Constant) and said.value is None for _, said in loggers)


def test_what_comes_in_is_taken_by_our_subscriber_alone() -> None:
    """FastStream's own takes any number ahead and, by itself, rejects what failed."""
    taking = {path for path, _ in calls("batch_subscriber")}
    assert taking == {
        "services/referrals/subscribers.py",
        "services/ereferral_dispatch/subscribers.py",
        "services/connectors/subscribers.py",
    }
    entering = {path for path, _ in calls("subscriber") if not path.startswith("ops/")}
    assert entering == {"messaging/intake/subscriber.py"}  # One of ours.
    assert {path for path, _ in calls("basic_consume")} == {
        *("messaging/intake/subscriber.py", "ops/tail.py"),
        *("messaging/replies/client.py", "messaging/replies/standing_client.py"),
        *("messaging/replies/standing_listener.py", "client/broker.py"),
    }


def test_aio_pika_holds_connections_and_neither_takes_nor_publishes() -> None:
    """It publishes as mandatory unless that is said, and logs what comes back; its consumer reads
    no message with a property that it does not know.
    """
    assert users_of("aio_pika") == {
        *("messaging/wire/connection.py", "messaging/intake/subscriber.py"),
        "messaging/replies/publisher.py",
    }
    for verb in ("consume", "iterator", "default_exchange", "get_exchange"):
        assert not list(calls(verb)), verb


def test_nothing_goes_back_to_its_queue_but_what_was_only_looked_at() -> None:
    """A nack is delivered again at once, round and round: what fails waits, unacknowledged."""
    assert {path for path, _ in calls("basic_nack")} == {"messaging/replies/letter_box.py"}
    rejections = list(calls("basic_reject"))
    assert [path for path, _ in rejections] == ["messaging/intake/batch.py"]
    (requeue,) = [keywords["requeue"] for _, keywords in rejections]
    assert isinstance(requeue, ast.Constant) and requeue.value is False


def test_every_publish_says_whether_it_must_be_routed() -> None:
    """By itself the library decides, and drops what finds no queue."""
    assert len(written()) >= 5
    assert [path for path, said in written() if "mandatory" not in said] == []


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
