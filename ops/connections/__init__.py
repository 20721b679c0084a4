"""`handoff connection`: adding, testing, watching, authorizing and removing connections."""
