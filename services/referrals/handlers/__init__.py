"""The handlers: plain functions of a command and a workspace. One file a resource.

Each file holds its HANDLERS, or EVENT_HANDLERS; what is missing here ends the service at its start.
"""

from contracts.operations import Kind, Service
from messaging.handlers.registry import declared_handlers, found_by_event, found_by_operation

COMMAND_HANDLERS = found_by_operation(Service.REFERRALS, Kind.COMMAND, declared_handlers(__name__))
EVENT_HANDLERS = found_by_event(Service.REFERRALS, declared_handlers(__name__, "EVENT_HANDLERS"))
