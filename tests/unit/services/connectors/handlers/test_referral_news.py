"""Referrals' news: how far a referral is, and what is to be written there."""

from typing import Any

import orjson

from contracts.connecting import ImportKind
from contracts.referral import REFERRAL_RESPONSE_RECORDED, REFERRAL_SENT
from messaging.testing import Decided, Store
from services.connectors.models import ExternalId, OutgoingRow, StagedRow
from services.connectors.rules.identity import staged_id
from tests.unit.services.connectors.handlers.rows import (
    CONNECTION_ID,
    ORG_ID,
    OTHER_ID,
    PARTNER_ID,
    ROW_ID,
    connection,
    external_id,
    staged,
    store,
)

REFERRAL = {"kind": ImportKind.REFERRAL, "external_id": "5", "uuid": OTHER_ID}


def held(**config: Any) -> Store:
    """A referral that came from there, at version 2."""
    return store(connection(config=config), external_id(**REFERRAL))


def hear(rows: Store, version: int, status: str | None) -> Decided[None]:
    """Tell that the referral is so far."""
    return rows.hear(
        REFERRAL_RESPONSE_RECORDED,
        subject=str(OTHER_ID),
        aggregateversion=version,
        data={"id": str(OTHER_ID), "fulfilment_status": status, "reason": "left alone"},
    )


def test_a_status_is_written_there_where_the_connection_says_so() -> None:
    """One write for each version that changes it."""
    rows = held(write_back=True)
    (outgoing,) = hear(rows, 3, "accepted").added
    assert isinstance(outgoing, OutgoingRow)
    assert (outgoing.target, outgoing.external_id, outgoing.body) == ("there", "5", b"")
    assert rows.row(ExternalId, CONNECTION_ID, ImportKind.REFERRAL, "5").version == 3
    assert hear(rows, 4, "accepted").added == []


def test_without_write_back_it_is_only_known() -> None:
    """So that what they say later is compared with it."""
    rows = held()
    assert hear(rows, 3, "accepted").added == []
    row = rows.row(ExternalId, CONNECTION_ID, ImportKind.REFERRAL, "5")
    assert (row.version, row.fulfilment_status) == (3, "accepted")


def test_older_news_and_news_of_others_change_nothing() -> None:
    """What we recorded ourselves is known by its reply already."""
    rows = held(write_back=True)
    assert hear(rows, 2, "accepted").changes == {}
    assert hear(store(connection(config={"write_back": True})), 3, "accepted").added == []


def test_a_status_that_moved_is_compared_with_theirs_again() -> None:
    """A contradiction may be none by now; a row that waits for anything else is left alone."""
    for code, state in (("status_contradicts", "staged"), ("refused_there", "refused")):
        id_ = staged_id(ORG_ID, CONNECTION_ID, ImportKind.REFERRAL, "5")
        waits = staged(id=id_, kind=ImportKind.REFERRAL, external_id="5", code=code)
        rows = store(connection(), external_id(**REFERRAL), waits)
        hear(rows, 3, "accepted")
        assert rows.row(StagedRow, id_).state == state


def test_a_letter_is_filed_where_the_connection_says_so() -> None:
    """For the patient's number there; once, and not for a patient who was erased."""
    patient = {"kind": ImportKind.PATIENT, "external_id": "15", "uuid": PARTNER_ID}
    config = {"upload_letters": True}
    sent = {
        "id": str(OTHER_ID),
        "patient": {"uuid": str(PARTNER_ID), "name": None},
        "ereferral_uuid": str(ROW_ID),
        "reference": "0123-4567-89AB",
    }
    rows = store(connection(config=config), external_id(**patient))
    decided = rows.hear(REFERRAL_SENT, subject=str(OTHER_ID), aggregateversion=2, data=sent)
    (outgoing,) = decided.added
    assert (outgoing.operation, outgoing.external_id) == ("file_letter", "15")
    assert orjson.loads(outgoing.body) == {
        "ereferral_uuid": str(ROW_ID),
        "reference": "0123-4567-89AB",
    }
    erased = store(connection(config=config), external_id(**patient, erased=True))
    told = erased.hear(REFERRAL_SENT, subject=str(OTHER_ID), aggregateversion=2, data=sent)
    assert told.added == []
