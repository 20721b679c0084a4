"""Replies, parked messages, and the client that awaits replies."""
