"""Creating, rotating and revoking tokens."""

from datetime import timedelta

import pytest

from services.edge.tokens.changes import NoSuchToken, create, revoke, rotate
from services.edge.tokens.token import Token, TokenKind, id_of, sha256_of
from tests.unit.services.edge.tokens.test_token import NOW, token

DAY = timedelta(days=1)


def test_a_token_is_kept_as_its_hash() -> None:
    """The secret is in what is returned, and nowhere else."""
    tokens: list[Token] = []
    written = create(
        tokens,
        client="desk",
        orgs=["org_1"],
        operations=["referral.*"],
        kind=TokenKind.API,
        actor=None,
        expires_at=NOW,
    )
    (made,) = tokens
    assert made == token(
        id=id_of(written), sha256=sha256_of(written), operations=["referral.*"], expires_at=NOW
    )
    assert written[13:] not in repr(made)


def test_a_rotated_token_has_the_same_rights_and_client() -> None:
    """Both are valid until the overlap ends; then the new one alone."""
    tokens = [token(orgs=["*"])]
    written = rotate(tokens, "abcd1234", NOW, overlap=7 * DAY, expires_at=NOW + 90 * DAY)
    old, new = tokens
    assert (old.expires_at, new.expires_at) == (NOW + 7 * DAY, NOW + 90 * DAY)
    assert (new.client, new.orgs, new.operations) == (old.client, old.orgs, old.operations)
    assert (new.id, new.sha256) == (id_of(written), sha256_of(written))


def test_an_overlap_prolongs_nothing() -> None:
    """Who would have expired sooner does."""
    tokens = [token(expires_at=NOW + DAY)]
    rotate(tokens, "abcd1234", NOW, overlap=7 * DAY, expires_at=NOW + 90 * DAY)
    assert tokens[0].expires_at == NOW + DAY


def test_a_revoked_token_is_kept_with_its_end() -> None:
    """So that `list` still shows who it was."""
    tokens = [token()]
    revoke(tokens, "abcd1234", NOW)
    assert tokens == [token(revoked_at=NOW)]


@pytest.mark.parametrize("identity", ["nobodys1", "expired1", "revoked1"])
def test_what_is_not_valid_is_not_changed(identity: str) -> None:
    """It cannot come back to life."""
    tokens = [token(id="expired1", expires_at=NOW), token(id="revoked1", revoked_at=NOW)]
    before = list(tokens)
    with pytest.raises(NoSuchToken):
        revoke(tokens, identity, NOW)
    with pytest.raises(NoSuchToken):
        rotate(tokens, identity, NOW, overlap=DAY, expires_at=None)
    assert tokens == before
