"""`handoff token`: what is made, shown and kept."""

import re
from pathlib import Path

import pytest

from services.edge.tokens.file import read_tokens
from services.edge.tokens.token import TokenKind, sha256_of
from tests.support.services.command_line import handoff

WRITTEN = re.compile(r"hnd_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of tokens that is not there yet, as the edge's setting names it."""
    path = tmp_path / "tokens.toml"
    monkeypatch.setenv("EDGE_TOKENS_FILE", str(path))
    return path


def created(*arguments: str) -> str:
    """The token that is shown."""
    made = handoff(
        *("token", "create", "--client", "desk", "--org", "demo", "--operation", "referral.*"),
        *arguments,
    )
    assert made.exit_code == 0, made.output
    first, written = made.stdout.splitlines()
    assert first == "Shown once, and kept nowhere:"
    assert WRITTEN.fullmatch(written)
    return written


def test_a_token_is_shown_once_and_its_hash_is_kept(path: Path) -> None:
    """The file holds no secret, and neither does the list."""
    written = created("--org", "other", "--expires", "12h")
    (token,) = read_tokens(path)
    assert token.sha256 == sha256_of(written)
    assert (token.client, token.orgs, token.operations) == (
        "desk",
        ["demo", "other"],
        ["referral.*"],
    )
    listed = handoff("token", "list")
    assert token.id in listed.stdout and "desk, demo other, referral.*" in listed.stdout
    for said in (listed.stdout, path.read_text()):
        assert written[13:] not in said
    assert token.sha256 not in listed.stdout


def test_a_persons_token(path: Path) -> None:
    """Has its person."""
    created("--kind", "person", "--actor", "u-17")
    (token,) = read_tokens(path)
    assert (token.kind, token.actor) == (TokenKind.PERSON, "u-17")
    assert "desk (u-17)" in handoff("token", "list").stdout


def test_a_token_is_rotated_and_revoked(path: Path) -> None:
    """The old one is valid until the overlap ends, the revoked one no more; both are listed."""
    old = created()[4:12]
    rotated = handoff("token", "rotate", old, "--overlap", "1d")
    assert rotated.exit_code == 0
    new = rotated.stdout.splitlines()[1]
    assert handoff("token", "revoke", new[4:12]).stdout == "Revoked.\n"
    first, second = handoff("token", "list").stdout.splitlines()[1:]
    assert first.split()[:3] == [old, "api", "until"]
    assert second.split()[:3] == [new[4:12], "api", "revoked"]
    for command in ("rotate", "revoke"):
        again = handoff("token", command, new[4:12])
        assert (again.exit_code, again.stderr) == (1, "There is no valid token of this id.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--operation", "referal.*"), "--operation referal.*: no operation is called so"),
        (("--org", "no org"), "--org: "),
        (("--kind", "robot"), "--kind is api, person or submit"),
        (("--kind", "submit", "--org", "other"), "a token of kind submit is for one --org"),
        (("--kind", "person"), "a person's token has an actor, and no other has one"),
        (("--expires", "never"), "--expires is a number and d, h or m, such as 90d"),
        (("--client", "a b"), "--client: "),
    ],
)
def test_what_is_typed_wrong_is_told(path: Path, arguments: tuple[str, ...], says: str) -> None:
    """In one line; no token is made."""
    made = handoff(
        *("token", "create", "--client", "desk", "--org", "demo", "--operation", "referral.*"),
        *arguments,
    )
    assert (made.exit_code, made.stdout) == (2, "")
    (line,) = made.stderr.splitlines()
    assert line.startswith(says)
    assert not path.exists() or read_tokens(path) == []


def test_the_file_has_to_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By its setting, or by an option."""
    monkeypatch.delenv("EDGE_TOKENS_FILE", raising=False)
    monkeypatch.setattr("ops.environment.handoff_folder", lambda: tmp_path)
    unnamed = handoff("token", "list")
    assert (unnamed.exit_code, unnamed.stdout) == (2, "")
    assert unnamed.stderr.startswith("EDGE_TOKENS_FILE is not set")
    missing = handoff("token", "list", "--file", str(tmp_path / "none.toml"))
    assert missing.exit_code == 1
    assert missing.stderr == f"{tmp_path / 'none.toml'} cannot be read (FileNotFoundError)\n"
