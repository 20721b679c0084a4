"""The readers. One file a resource; each holds its READERS."""

from contracts.operations import Kind, Service
from messaging.handlers.registry import declared_readers, found_by_operation

READERS = found_by_operation(Service.CONNECTORS, Kind.QUERY, declared_readers(__name__))
