"""Measurements: the service beside plainer ways to do the same work, and beside the limits."""
