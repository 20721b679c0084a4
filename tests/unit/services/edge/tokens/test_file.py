"""The file of tokens."""

import stat
import threading
from pathlib import Path

import pytest

from services.edge.tokens.file import TokensError, changing, read_tokens, write_tokens
from services.edge.tokens.token import TokenKind
from tests.unit.services.edge.tokens.test_token import NOW, token

TOKENS = [
    token(expires_at=NOW, revoked_at=NOW),
    token(id="bbbbbbbb", kind=TokenKind.PERSON, actor='u"17\\', orgs=["*"], operations=["a.*"]),
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """All of it, by its owner alone."""
    path = tmp_path / "tokens.toml"
    write_tokens(path, TOKENS)
    assert read_tokens(path) == TOKENS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["tokens.toml"]


def test_a_file_that_others_may_read_is_none(tmp_path: Path) -> None:
    """Mode 0600, or it is not used."""
    path = tmp_path / "tokens.toml"
    write_tokens(path, TOKENS)
    path.chmod(0o640)
    with pytest.raises(TokensError, match="chmod 600"):
        read_tokens(path)


GOOD = """[[tokens]]
id = "abcd1234"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
client = "desk"
orgs = ["org_1"]
operations = ["*"]
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[tokens]", "is not TOML"),
        (GOOD.replace("abcd1234", "secret-name"), "tokens.0.id: "),
        (GOOD.replace("0000", "zzzz"), "tokens.0.sha256: "),
        (GOOD.replace('["org_1"]', '"org_1"'), "tokens.0.orgs: "),
        (GOOD + 'actor = "secret-name"', "tokens.0: a person's token has an actor"),
        ("[[clients]]", "tokens: Extra inputs"),
    ],
)
def test_a_broken_file_is_told_without_its_content(tmp_path: Path, text: str, words: str) -> None:
    """Where it is wrong, and no value of it."""
    path = tmp_path / "tokens.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(TokensError) as wrong:
        read_tokens(path)
    assert str(wrong.value).startswith(words)
    assert "secret-name" not in str(wrong.value)


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    """Which of them would it be?"""
    path = tmp_path / "tokens.toml"
    write_tokens(path, [token(), token()])
    with pytest.raises(TokensError, match="two tokens of one id"):
        read_tokens(path)


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The file is as it was."""
    path = tmp_path / "tokens.toml"
    write_tokens(path, TOKENS)
    with pytest.raises(IndexError), changing(path) as tokens:
        del tokens[:], tokens[0]
    assert read_tokens(path) == TOKENS


def test_two_changes_at_once_are_both_made(tmp_path: Path) -> None:
    """Each waits for the other."""
    path = tmp_path / "tokens.toml"

    def add(first: str) -> None:
        for place in range(10):
            with changing(path) as tokens:
                tokens.append(token(id=f"{first}000000{place}"))

    threads = [threading.Thread(target=add, args=(first,)) for first in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_tokens(path)) == 20
