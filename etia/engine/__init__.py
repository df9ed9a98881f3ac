"""Arrays and pure functions: the event process and its propagation (method §3, §4)."""
