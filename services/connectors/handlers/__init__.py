"""The handlers: plain functions of a command, or of referrals' news, and a workspace."""

from contracts.operations import Kind, Service
from messaging.handlers.registry import declared_handlers, found_by_event, found_by_operation

COMMAND_HANDLERS = found_by_operation(Service.CONNECTORS, Kind.COMMAND, declared_handlers(__name__))
EVENT_HANDLERS = found_by_event(Service.CONNECTORS, declared_handlers(__name__, "EVENT_HANDLERS"))
