"""Server-sent events: hints at what was changed, for pages that show it."""
