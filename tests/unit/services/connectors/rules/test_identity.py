"""Computed ids."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.connecting import ImportKind, System
from services.connectors.rules.identity import NAMESPACE, connection_id, message_id, resource_id

CONNECTION = UUID("6ff9ecf9-9fe6-5a79-b0ff-e4bfd1f36e16")


def test_the_ids_of_a_name_are_these_for_good() -> None:
    """UUIDv5 (RFC 9562, section 5.5), written down once: a change would double every import."""
    assert UUID("751ab2db-8aa2-5f94-b31b-b8bf5727c128") == NAMESPACE
    made = connection_id("org_1", System.OPENDENTAL, "main")
    assert made == UUID("e73740f7-c6b8-5352-a67e-09fe33daac21")
    partner = resource_id(System.OPENDENTAL, made, ImportKind.PARTNER, "17", 1)
    assert partner == UUID("b804252c-3c84-5bf4-90fc-f6ec835de024")


def test_a_connection_added_again_is_the_same_one() -> None:
    """Law 4 begins here: name, system and org make the id, and nothing else does."""
    again = connection_id("org_1", System.OPENDENTAL, "main")
    assert again == connection_id("org_1", System.OPENDENTAL, "main")
    assert again != connection_id("org_2", System.OPENDENTAL, "main")
    assert again != connection_id("org_1", System.ALFADOCS, "main")
    assert again != connection_id("org_1", System.OPENDENTAL, "second")


@given(st.tuples(st.sampled_from(ImportKind), st.integers(1, 10**6), st.integers(1, 9)))
def test_each_part_makes_another_resource(part: tuple[ImportKind, int, int]) -> None:
    """Two rows, two kinds of one row, and two generations of one row never share an id."""
    kind, number, generation = part
    made = resource_id(System.OPENDENTAL, CONNECTION, kind, str(number), generation)
    others = {
        resource_id(System.ALFADOCS, CONNECTION, kind, str(number), generation),
        resource_id(System.OPENDENTAL, CONNECTION, kind, str(number + 1), generation),
        resource_id(System.OPENDENTAL, CONNECTION, kind, str(number), generation + 1),
    }
    assert made not in others and len(others) == 3


def test_a_message_is_one_row_version_and_base_version() -> None:
    """The same version sent again is the same message; made for a newer version it is another."""

    def sent(version: str, base: int | None = None) -> UUID:
        operation = "referral_partner.update"
        return message_id(
            System.OPENDENTAL, CONNECTION, ImportKind.PARTNER, "17", version, operation, base
        )

    assert sent("a.1", 3) == sent("a.1", 3)
    assert len({sent("a.1"), sent("a.1", 3), sent("a.1", 4), sent("b.1", 3)}) == 4
