"""Figures that replicas tell, read and put together."""

from services.edge.watching import Replica, read_figures, together

WRITTEN = """\
# HELP handoff_build_info 1; which program this replica is.
# TYPE handoff_build_info gauge
handoff_build_info{service="referrals",version="0.1.0"} 1.0
# HELP handoff_queue_messages Messages that wait.
# TYPE handoff_queue_messages gauge
handoff_queue_messages{queue="referrals.commands"} 4.0
# HELP handoff_outbox_age_seconds How long the oldest row has waited.
# TYPE handoff_outbox_age_seconds gauge
handoff_outbox_age_seconds NaN
# HELP handoff_messages_total Messages settled.
# TYPE handoff_messages_total counter
handoff_messages_total{operation="-",queue="referrals.commands",status="400"} 1.0
"""


def test_a_figure_that_nobody_knows_is_none() -> None:
    """An outage is no zero; what has several labels is not for the page."""
    figures, build = read_figures(WRITTEN)
    assert figures == {("handoff_queue_messages", "referrals.commands"): 4.0}
    assert build == {"service": "referrals", "version": "0.1.0"}


def test_the_largest_of_what_replicas_find_is_told() -> None:
    """All look at the same, one of them a moment earlier; who does not answer tells nothing."""
    waiting = ("handoff_queue_messages", "referrals.commands")
    replicas = [
        Replica("a:1", ready=True, figures={waiting: 4.0}),
        Replica("b:1", ready=True, figures={waiting: 7.0, ("x", ""): 1.0}),
        Replica("c:1"),
    ]
    assert together(replicas) == {waiting: 7.0, ("x", ""): 1.0}
