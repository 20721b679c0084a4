"""The trail that messages leave: audit, retention, erasure."""
