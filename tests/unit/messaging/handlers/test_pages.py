"""Cursors: what is in them, and which of them are taken."""

from base64 import b64decode
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Refusal
from contracts.referral_partner import ReferralPartnerList
from contracts.referral_source import ReferralSourceList
from contracts.shapes import ListQuery
from messaging.handlers.pages import check_cursor, cursor_behind

LAST = UUID("0192d4e0-7b1a-7c3d-8e4f-123456789abc")


def asked(shape: type[ListQuery] = ReferralPartnerList, **fields: Any) -> ListQuery:
    """The query of an org with these fields."""
    return shape.model_validate({"org_id": "org_1", **fields})


def refused(query: ListQuery) -> set[tuple[str, str]]:
    """The fields and types of the errors; empty where the cursor is taken."""
    try:
        check_cursor(query)
    except Refusal as refusal:
        return {(str(error.loc[0]), error.type) for error in refusal.problem.errors}
    return set()


def test_a_cursor_is_its_version_the_id_behind_which_it_goes_on_and_two_bytes() -> None:
    """25 characters of URL-safe text: a searched name is not in it, nor the org."""
    cursor = cursor_behind(asked(search="Quinn Quill"), LAST)
    assert (cursor[0], len(cursor)) == ("1", 25)
    held = b64decode(cursor[1:], altchars=b"-_", validate=True)
    assert (len(held), held[2:]) == (18, LAST.bytes)


@given(last=st.uuids(allow_nil=True), page_size=st.integers(1, 200))
def test_a_cursor_goes_on_with_what_it_was_made_for(last: UUID, page_size: int) -> None:
    """Whatever the size of a stretch; a filter that is null or left out is the same."""
    cursor = cursor_behind(asked(search="a", is_active=False), last)
    again = asked(
        cursor=cursor, page_size=page_size, search=" a ", is_active=False, contact_type=None
    )
    assert refused(again) == set()


@pytest.mark.parametrize(
    "other",
    [
        asked(),
        asked(search="b", is_active=False),
        asked(search="a"),
        asked(search="a", is_active=True),
        asked(search="a", is_active=False, contact_type="lab"),
        asked(search="a", is_active=False, org_id="org_2"),
        asked(ReferralSourceList, search="a", is_active=False),
    ],
    ids=repr,
)
def test_a_cursor_of_something_else_is_refused(other: ListQuery) -> None:
    """Another list, org, or set of filters."""
    cursor = cursor_behind(asked(search="a", is_active=False), LAST)
    assert refused(other.model_copy(update={"cursor": cursor})) == {("cursor", "cursor_invalid")}


@given(garbage=st.text(min_size=1, max_size=64))
def test_what_is_no_cursor_is_refused_and_not_quoted(garbage: str) -> None:
    """Whatever text it is; the refusal says what to send and how to begin again."""
    with pytest.raises(Refusal) as refusal:
        check_cursor(asked().model_copy(update={"cursor": garbage}))
    (error,) = refusal.value.problem.errors
    assert error.msg == (
        "Must be the next_cursor of the reply before, with the same filters, list and org; "
        'begin again with ""'
    )


def test_a_cursor_of_another_version_is_refused() -> None:
    """What a later release gives, an earlier one does not read as its own."""
    cursor = cursor_behind(asked(), LAST)
    assert refused(asked(cursor=cursor)) == set()
    assert refused(asked(cursor="2" + cursor[1:])) == {("cursor", "cursor_invalid")}


def test_a_page_and_a_cursor_are_not_asked_for_together() -> None:
    """Page 1 neither, though it is what a list begins with; a null cursor is none."""
    both = {("page", "page_and_cursor"), ("cursor", "page_and_cursor")}
    for cursor in ("", cursor_behind(asked(), LAST)):
        assert refused(asked(page=1, cursor=cursor)) == both
    assert refused(asked(page=1, cursor=None)) == set()
    assert refused(asked(cursor="")) == set()
