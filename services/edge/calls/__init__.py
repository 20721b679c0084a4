"""From an HTTP request to a message, and from a reply to an HTTP answer. Pure: no I/O, no clock."""
