"""The shared language: commands, queries, replies and events, as `docs/contract/` has them.

Nothing in this package does I/O or knows how a message is carried.
"""
