"""A replica from start to stop: settings, lifecycle, HTTP routes, AsyncAPI."""
