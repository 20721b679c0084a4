"""Open Dental: its rows, what they become here, and the client of its API."""
