"""Addresses of databases."""


def plain_url(database_url: str) -> str:
    """The URL as asyncpg itself takes it."""
    return database_url.replace("postgresql+asyncpg://", "postgresql://")
