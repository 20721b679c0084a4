"""The way in: taking from a queue, admission, grants."""
