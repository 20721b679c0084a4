"""The next step of an e-referral: channel, address, and what follows an attempt."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ereferral import FailureCode
from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.rules.outcome_codes import HttpCode, SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    Sent,
    TransientFailure,
    may_have_been_received,
)
from services.ereferral_dispatch.rules.routing import (
    AskPerson,
    AwaitCall,
    ContactPoint,
    CouldNotTell,
    Finish,
    GiveUp,
    NextChannel,
    Retry,
    Standing,
    Step,
    contact_plan,
    lane_id,
    next_step,
)
from tests.support.samples.packages import PARTNER_ID, sample_partner

PORTAL, EMAIL, FAX, PHONE = (
    ContactMethod.PORTAL,
    ContactMethod.EMAIL,
    ContactMethod.FAX,
    ContactMethod.PHONE,
)
DEFAULT_FALLBACK = (PORTAL, EMAIL, FAX, PHONE)
SCHEDULE = (5.0, 300.0, 1800.0)
# Of the sample partner, which has an address for every channel.
AT_PORTAL = ("portal", "https://portal.example.org/fhir")
BY_EMAIL = ("email", "referrals@example.org")
BY_FAX = ("fax", "+12025550112")
BY_PHONE = ("phone", "+12025550111")


def plan(fallback: Sequence[ContactMethod] = DEFAULT_FALLBACK, **partner: Any) -> list[Any]:
    found = contact_plan(sample_partner(**partner), fallback)
    return [(str(point.channel), point.address) for point in found]


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        ("portal", [AT_PORTAL, BY_EMAIL, BY_FAX, BY_PHONE]),
        ("email", [BY_EMAIL, AT_PORTAL, BY_FAX, BY_PHONE]),
        ("fax", [BY_FAX, AT_PORTAL, BY_EMAIL, BY_PHONE]),
        ("phone", [BY_PHONE, AT_PORTAL, BY_EMAIL, BY_FAX]),
        (None, [AT_PORTAL, BY_EMAIL, BY_FAX, BY_PHONE]),
    ],
)
def test_the_preferred_channel_comes_first_and_the_fallbacks_after_it_once_each(
    preferred: str | None, expected: list[Any]
) -> None:
    """The preferred contact method, then the fallbacks in their order, none of them twice."""
    assert plan(preferred_contact_method=preferred) == expected


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://portal.example.org/a?b=c", ("portal", "https://portal.example.org/a?b=c")),
        ("http://portal.example.org/a", ("portal", "http://portal.example.org/a")),
        ("HTTPS://Portal.example.org/A", ("portal", "HTTPS://Portal.example.org/A")),
        ("mailto:desk@example.org", ("email", "desk@example.org")),
        ("mailto:d%65sk@example.org", ("email", "desk@example.org")),
        ("tel:+12025550177", ("phone", "+12025550177")),
        ("tel:(202)555-0177", ("phone", "+12025550177")),
        ("tel:+1-202-555-0177;ext=12", ("phone", "+12025550177;ext=12")),
        ("fax:+1-202-555-0178", ("fax", "+12025550178")),
    ],
)
def test_an_unset_preference_is_the_channel_of_the_endpoints_scheme(
    endpoint: str, expected: tuple[str, str]
) -> None:
    """`https`, `http`: portal; `mailto`: email; `fax`: fax; `tel`: phone; its address is that
    channel's own, before the partner's `email`, `fax` or `phone`."""
    found = plan(ereferral_endpoint=endpoint, preferred_contact_method=None)
    assert found[0] == expected
    assert [channel for channel, _ in found].count(expected[0]) == 1


@pytest.mark.parametrize(
    ("country", "endpoint", "expected"),
    [
        ("DE", "tel:030901820", "+4930901820"),
        ("DE", "fax:030-901821", "+4930901821"),
        ("US", "tel:2025550177", "+12025550177"),
    ],
)
def test_a_number_in_an_endpoint_is_read_in_the_partners_country(
    country: str, endpoint: str, expected: str
) -> None:
    """A number without a country code is one of the partner's country; it is used in E.164."""
    found = plan(ereferral_endpoint=endpoint, country=country, email=None, phone=None, fax=None)
    assert [address for _, address in found] == [expected]


@pytest.mark.parametrize("endpoint", ["tel:12", "fax:nobody", "fax:+12025550178;ext=12"])
def test_a_number_that_is_none_gives_no_address(endpoint: str) -> None:
    """A number in an endpoint that is not valid, or that no fax service can dial, is no address:
    the channel is left out, or the partner's own number stands in."""
    nothing_else: dict[str, Any] = {"email": None, "phone": None, "fax": None}
    assert plan(ereferral_endpoint=endpoint, **nothing_else) == []
    channel = BY_PHONE if endpoint.startswith("tel") else BY_FAX
    own = {"phone": "+12025550111", "fax": "+12025550112"}
    assert plan(ereferral_endpoint=endpoint, **{**nothing_else, **own})[0] == channel


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ({"ereferral_endpoint": "https://portal.example.org/fhir"}, [AT_PORTAL]),
        ({"email": "referrals@example.org"}, [BY_EMAIL]),
        ({"fax": "+12025550112"}, [BY_FAX]),
        ({"phone": "+12025550111"}, [BY_PHONE]),
        ({"phone": "+12025550111", "email": "referrals@example.org"}, [BY_EMAIL, BY_PHONE]),
        ({}, []),
    ],
)
@pytest.mark.parametrize("preferred", [None, "portal", "email", "fax", "phone"])
def test_a_channel_without_an_address_is_left_out(
    preferred: str | None, present: dict[str, str], expected: list[Any]
) -> None:
    """Only channels that have an address are tried, the preferred one too."""
    absent: dict[str, Any] = {"ereferral_endpoint": None, "email": None, "fax": None, "phone": None}
    found = plan(**{**absent, **present}, preferred_contact_method=preferred)
    assert sorted(found) == sorted(expected)
    if preferred in [channel for channel, _ in expected]:
        assert found[0][0] == preferred
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [
        ((FAX, EMAIL), [AT_PORTAL, BY_FAX, BY_EMAIL]),
        ((PHONE, PORTAL), [AT_PORTAL, BY_PHONE]),
        ((), [AT_PORTAL]),
    ],
)
def test_the_fallbacks_are_those_of_the_setting_in_its_order(
    fallback: Sequence[ContactMethod], expected: list[Any]
) -> None:
    """What is not in the setting is no fallback, though the partner has an address for it."""
    assert plan(fallback, preferred_contact_method="portal") == expected


def test_a_lane_is_an_orgs_partner_channel_and_address() -> None:
    """The same four give the same lane; another of any of them gives another."""
    point = ContactPoint(EMAIL, "desk@example.org")
    lane = lane_id("org_1", PARTNER_ID, point)
    assert lane_id("org_1", PARTNER_ID, ContactPoint(EMAIL, "desk@example.org")) == lane
    others = {
        lane_id("org_2", PARTNER_ID, point),
        lane_id("org_1", UUID(int=1), point),
        lane_id("org_1", PARTNER_ID, ContactPoint(PHONE, "desk@example.org")),
        lane_id("org_1", PARTNER_ID, ContactPoint(EMAIL, "other@example.org")),
    }
    assert len(others) == 4 and lane not in others


LATER = TransientFailure(HttpCode(503))
FAULTY = TransientFailure(HttpCode(500), may_have_been_received=True)
BROKEN_OFF = TransientFailure(FailureCode.FAX_FAILED, may_have_been_received=True)
IN_PART = PermanentFailure(FailureCode.FAX_FAILED, may_have_been_received=True)
REFUSED = PermanentFailure(HttpCode(403))
UNKNOWN = OutcomeUnknown(FailureCode.NO_ANSWER)
CALL = CallRequested("Please call.", b"%PDF-")
DECLARED, SILENT = NextChannel(declared=True), NextChannel(declared=False)


# channel, failures on it so far, channels left, maybe received, cancelling, outcome, then
STEPS: list[tuple[ContactMethod, int, int, bool, bool, Outcome, Step]] = [
    (PORTAL, 0, 3, False, False, Delivered(HttpCode(201)), Finish()),
    (PORTAL, 3, 0, True, True, Delivered(HttpCode(200)), Finish()),
    (EMAIL, 0, 2, False, False, Sent(SmtpCode(250)), Finish()),
    (PHONE, 0, 0, False, False, CALL, AwaitCall()),
    (PHONE, 0, 0, True, True, CALL, AwaitCall()),
    # A transient failure is tried again on the same channel until the schedule is used up.
    (PORTAL, 0, 3, False, False, LATER, Retry(5.0)),
    (PORTAL, 1, 3, False, False, LATER, Retry(300.0)),
    (EMAIL, 2, 0, False, False, LATER, Retry(1800.0)),
    # Where the partner may have it, the retry says that it may be a repeat; a portal knows the id.
    (EMAIL, 2, 0, True, False, LATER, Retry(1800.0, declared=True)),
    (FAX, 0, 1, False, False, BROKEN_OFF, Retry(5.0, declared=True)),
    (FAX, 0, 1, False, False, LATER, Retry(5.0)),
    (FAX, 3, 1, False, False, BROKEN_OFF, DECLARED),
    (FAX, 0, 1, False, False, IN_PART, DECLARED),
    (FAX, 0, 1, True, True, BROKEN_OFF, Retry(5.0)),
    (PORTAL, 0, 1, True, False, FAULTY, Retry(5.0)),
    (PORTAL, 3, 3, False, False, LATER, SILENT),
    (PORTAL, 3, 3, False, False, FAULTY, DECLARED),
    (EMAIL, 3, 1, True, False, LATER, DECLARED),
    (EMAIL, 3, 0, False, False, LATER, GiveUp()),
    # A permanent one leads to the next channel at once.
    (PORTAL, 0, 3, False, False, REFUSED, SILENT),
    (PORTAL, 0, 3, True, False, REFUSED, DECLARED),
    (EMAIL, 0, 0, True, False, REFUSED, GiveUp()),
    # An unknown outcome: a portal knows the id; of a mail a person decides.
    (PORTAL, 0, 3, False, False, UNKNOWN, Retry(5.0)),
    (PORTAL, 3, 3, False, False, UNKNOWN, DECLARED),
    (PORTAL, 3, 0, False, False, UNKNOWN, GiveUp()),
    (EMAIL, 0, 3, False, False, UNKNOWN, AskPerson()),
    (FAX, 0, 3, False, False, UNKNOWN, AskPerson()),
    # A cancellation has no other channel: a person calls who may hold the referral.
    (PORTAL, 0, 3, True, True, LATER, Retry(5.0)),
    (PORTAL, 3, 3, True, True, LATER, CouldNotTell()),
    (PORTAL, 0, 3, True, True, REFUSED, CouldNotTell()),
    (PORTAL, 1, 3, True, True, UNKNOWN, Retry(300.0)),
    (PORTAL, 3, 3, True, True, UNKNOWN, CouldNotTell()),
    (EMAIL, 0, 3, True, True, UNKNOWN, CouldNotTell()),
]


@pytest.mark.parametrize(
    ("channel", "tries", "left", "maybe_received", "cancelling", "outcome", "step"), STEPS
)
def test_what_follows_an_attempt(
    channel: ContactMethod,
    tries: int,
    left: int,
    maybe_received: bool,
    cancelling: bool,
    outcome: Outcome,
    step: Step,
) -> None:
    """The table "One attempt", row by row; in the middle of its jitter a wait is the schedule's."""
    standing = Standing(channel, tries, left, maybe_received, cancelling)
    found = next_step(standing, outcome, SCHEDULE, 0.5)
    if isinstance(step, Retry):
        assert isinstance(found, Retry) and found.counted and found.declared is step.declared
        assert found.after_seconds == pytest.approx(step.after_seconds)
    else:
        assert found == step


@pytest.mark.parametrize(
    "code", [FailureCode.WORKER_LOST, FailureCode.STOPPED, FailureCode.WITHDRAWN]
)
@pytest.mark.parametrize("tries", [0, 3, 9])
def test_what_certainly_never_left_is_tried_again_at_once(code: FailureCode, tries: int) -> None:
    """A worker that died or stopped before the point of no return costs no place of the
    schedule, and no wait."""
    standing = Standing(EMAIL, tries, 1, maybe_received=False)
    assert next_step(standing, TransientFailure(code), SCHEDULE, 0.5) == Retry(0.0, counted=False)


@given(st.floats(0, 1), st.sampled_from([(0, 4.0, 6.0), (1, 240.0, 360.0), (2, 1440.0, 2160.0)]))
def test_a_wait_is_within_a_fifth_of_the_schedule(
    chance: float, expected: tuple[int, float, float]
) -> None:
    """Each wait is the schedule's ±20 %, wherever chance puts it."""
    tries, least, most = expected
    step = next_step(Standing(PORTAL, tries, 0, False), LATER, SCHEDULE, chance)
    assert isinstance(step, Retry)
    assert least - 1e-6 <= step.after_seconds <= most + 1e-6


def test_the_jitter_reaches_both_its_ends() -> None:
    """The earliest is 80 % and the latest 120 %: 240 and 360 of 300 seconds."""
    standing = Standing(PORTAL, 1, 0, False)
    waits = [next_step(standing, LATER, SCHEDULE, chance) for chance in (0.0, 1.0)]
    assert all(isinstance(step, Retry) for step in waits)
    seconds = [step.after_seconds for step in waits if isinstance(step, Retry)]
    assert seconds == [pytest.approx(240.0), pytest.approx(360.0)]


@given(st.floats(0, 10_000_000), st.floats(0, 1), st.integers(0, 2))
def test_retry_after_lengthens_a_wait_up_to_a_day_and_never_shortens_it(
    wish_seconds: float, chance: float, tries: int
) -> None:
    """With a wish the wait is at least that of the schedule, at least the wish up to 24 h, and
    neither's more."""
    standing = Standing(PORTAL, tries, 0, False)
    wishing = TransientFailure(HttpCode(429), retry_after_seconds=wish_seconds)
    without = next_step(standing, LATER, SCHEDULE, chance)
    step = next_step(standing, wishing, SCHEDULE, chance)
    assert isinstance(step, Retry) and isinstance(without, Retry)
    granted = min(wish_seconds, 86_400.0)
    assert step.after_seconds >= without.after_seconds
    assert step.after_seconds >= granted
    assert step.after_seconds in (without.after_seconds, granted)


@pytest.mark.parametrize(
    ("outcome", "maybe"),
    [
        (Delivered(HttpCode(200)), True),
        (Sent(SmtpCode(250)), True),
        (UNKNOWN, True),
        (OutcomeUnknown(FailureCode.WORKER_LOST), True),
        (CALL, False),
        (TransientFailure(HttpCode(500), may_have_been_received=True), True),
        (TransientFailure(FailureCode.FAX_FAILED, may_have_been_received=True), True),
        (PermanentFailure(HttpCode(409), may_have_been_received=True), True),
        (TransientFailure(HttpCode(503)), False),
        (TransientFailure(HttpCode(429)), False),
        (TransientFailure(HttpCode(408)), False),
        (TransientFailure(SmtpCode(451)), False),
        (TransientFailure(FailureCode.CONNECT_REFUSED), False),
        (TransientFailure(FailureCode.WORKER_LOST), False),
        (PermanentFailure(HttpCode(400)), False),
        (PermanentFailure(SmtpCode(550)), False),
        (PermanentFailure(SmtpCode(503)), False),
        (PermanentFailure(FailureCode.ADDRESS_BLOCKED), False),
    ],
)
def test_what_may_have_been_received(outcome: Outcome, maybe: bool) -> None:
    """What was taken over, what nobody knows, and a failure of which its sender says so."""
    assert may_have_been_received(outcome) is maybe
