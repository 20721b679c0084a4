"""The desk: pages on which a practice's people see what needs them, and do it."""
