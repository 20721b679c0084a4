"""What stays of it: the audit trail, retention, erasure."""
