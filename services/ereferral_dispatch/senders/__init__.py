"""The channels: one folder each, all held to one conformance suite."""
