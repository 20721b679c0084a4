"""Facts that only a person can say: `external_id.link`, `source_map.set`, `operator_map.set`."""

from contracts.connecting import ImportKind, System
from contracts.external_id import LINK_EXTERNAL_ID, SET_OPERATOR_MAP, SET_SOURCE_MAP
from services.connectors.models import Connection, ExternalId, OperatorMap, SourceMap
from tests.unit.services.connectors.handlers.rows import (
    CONNECTION_ID,
    NOW,
    OTHER_ID,
    PARTNER_ID,
    connection,
    external_id,
    store,
)

LINK = {"connection_uuid": CONNECTION_ID, "kind": "partner", "external_id": "18"}


def test_a_row_is_linked_before_it_was_ever_read() -> None:
    """The first import then takes that resource and makes none."""
    held = store(connection())
    decided = held.decide(LINK_EXTERNAL_ID, **LINK, uuid=OTHER_ID)
    assert decided.data.uuid == OTHER_ID
    row = held.row(ExternalId, CONNECTION_ID, ImportKind.PARTNER, "18")
    assert (row.uuid, row.version) == (OTHER_ID, None)
    assert held.row(Connection, CONNECTION_ID).next_run_at == NOW


def test_neither_side_of_a_link_is_anothers() -> None:
    """The resource of row 17 cannot be row 18's too, nor can row 17 be another resource."""
    held = store(connection(), external_id())
    taken = held.refuse(LINK_EXTERNAL_ID, **LINK, uuid=PARTNER_ID)
    imported = held.refuse(LINK_EXTERNAL_ID, **{**LINK, "external_id": "17"}, uuid=OTHER_ID)
    assert [taken.code, imported.code] == ["already_linked"] * 2


def test_a_source_number_means_a_source_until_it_is_forgotten() -> None:
    """Said again it is no new version; the next run begins at once."""
    held = store(connection(system=System.ALFADOCS))
    said = {"connection_uuid": CONNECTION_ID, "external_id": "283"}
    for source, version in ((OTHER_ID, 1), (OTHER_ID, 1), (None, 2)):
        decided = held.decide(SET_SOURCE_MAP, **said, referral_source_uuid=source)
        assert (decided.data.referral_source_uuid, decided.data.version) == (source, version)
    assert len(held.rows(SourceMap)) == 1
    assert held.row(Connection, CONNECTION_ID).next_run_at == NOW


def test_an_operator_is_a_partner_who_visits() -> None:
    """One row for each operator of a connection."""
    held = store(connection(system=System.ALFADOCS))
    said = {"connection_uuid": CONNECTION_ID, "external_id": "33963"}
    decided = held.decide(SET_OPERATOR_MAP, **said, referral_partner_uuid=PARTNER_ID)
    assert decided.data.referral_partner_uuid == PARTNER_ID
    held.decide(SET_OPERATOR_MAP, **said, referral_partner_uuid=None)
    (row,) = held.rows(OperatorMap)
    assert (row.referral_partner_id, row.version) == (None, 2)


def test_only_alfadocs_has_numbers_that_a_person_explains() -> None:
    """Said of an Open Dental they would be asked for by nobody."""
    held = store(connection())
    said = {"connection_uuid": CONNECTION_ID, "external_id": "283"}
    for operation, named in (
        (SET_SOURCE_MAP, {"referral_source_uuid": OTHER_ID}),
        (SET_OPERATOR_MAP, {"referral_partner_uuid": PARTNER_ID}),
    ):
        problem = held.refuse(operation, **said, **named)
        assert problem.code == "validation_error"
        assert problem.errors[0].loc == ["connection_uuid"]
