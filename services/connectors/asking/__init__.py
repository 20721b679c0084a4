"""Asking another system over HTTP: one request, its budget, its retries, what an answer means."""
