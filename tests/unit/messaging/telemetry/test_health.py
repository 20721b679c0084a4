"""Whether a replica is ready, and what is worth knowing beside that."""

from messaging.telemetry.health import Health


def test_a_note_keeps_nothing_from_being_ready() -> None:
    """It is told while it lasts; the conditions alone decide."""
    health = Health()
    database = health.condition("database")
    note = health.note("mail relay")
    assert (health.ready, health.notes()) == (False, {})
    note("held since noon")
    database(None)
    assert (health.ready, health.notes()) == (True, {"mail relay": "held since noon"})
    assert health.report() == {"database": "ok"}
    note(None)
    note(None)
    assert health.notes() == {}
