"""Our own Open Dental interface: its rows, its numbers, and the HTTP server that answers."""
