"""What a replica tells of itself: logs, figures, traces, health."""
