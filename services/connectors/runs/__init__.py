"""Runs: claiming a connection, reading its lists, staging what changed, applying it."""
