"""A replica's account of itself: logs, figures, traces, health."""
