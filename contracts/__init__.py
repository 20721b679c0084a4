"""What travels: commands, queries, replies and events, as the wire contract has them.

Nothing in this package does I/O or knows how a message is carried.
"""
