"""To which exchange of a service a test sends an operation."""

from contracts.catalogue import OPERATIONS
from contracts.operations import Service


def exchange_of(operation: str, service: Service) -> str:
    """Its own; what nobody has declared goes where commands go."""
    declared = OPERATIONS.get(operation)
    return f"{service}.commands" if declared is None else declared.exchange
