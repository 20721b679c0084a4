"""How a replica's process is set up."""

import gc

from ops.serving import collect_seldom


def test_what_stays_for_good_is_not_looked_at_again() -> None:
    """The collector has nothing old to look at, and waits for more that is new."""
    threshold = gc.get_threshold()
    try:
        collect_seldom()
        assert len(gc.get_objects(generation=2)) < 1_000 < gc.get_freeze_count()
        assert gc.get_threshold()[0] > threshold[0]
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
