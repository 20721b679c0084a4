"""The set-up of a replica's process."""

import gc

from messaging.running.serving import collect_seldom


def test_what_stays_for_good_is_not_looked_at_again() -> None:
    """The collector has nothing old to look at, and waits for more that is new."""
    threshold = gc.get_threshold()
    gc.set_threshold(700, *threshold[1:])  # Python's own; a service may have run in this process.
    try:
        collect_seldom()
        assert len(gc.get_objects(generation=2)) < 1_000 < gc.get_freeze_count()
        assert gc.get_threshold()[0] > 700
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
