"""Numbers that our own Open Dental interface gives: of referrals, of patients, of specialties.

A number is given once, under the lock of the org's counter, and never again.
"""

from services.connectors.models import OdCounter
from services.connectors.opendental.server import NUMBERS_BEGIN, SPECIALTIES_BEGIN

OUT_OF_REACH = 2**53
"""What is above it JSON's readers may not tell apart (RFC 8259, section 6)."""


def new_counter(org_id: str, connection_id: object, *, beside_theirs: bool) -> OdCounter:
    """The counter of an org; `beside_theirs`: of one whose Open Dental has numbers of its own."""
    return OdCounter(
        org_id=org_id,
        connection_id=connection_id,
        next_num=NUMBERS_BEGIN if beside_theirs else 1,
        next_def_num=SPECIALTIES_BEGIN,
        is_filled=False,
    )


def stay_beside_theirs(counter: OdCounter) -> None:
    """Begin above the numbers of an Open Dental that came after the interface."""
    counter.next_num = max(counter.next_num, NUMBERS_BEGIN)


def pass_over(counter: OdCounter, number: int) -> None:
    """Give no number of theirs: ours go on above it. One that no counter comes near (of a database
    whose keys are random) changes nothing."""
    if counter.next_num <= number < OUT_OF_REACH:
        counter.next_num = number + 1


def take_number(counter: OdCounter) -> int:
    """The next number of a referral or a patient."""
    counter.next_num += 1
    return counter.next_num - 1


def take_def_num(counter: OdCounter) -> int:
    """The next number of a specialty."""
    counter.next_def_num += 1
    return counter.next_def_num - 1
