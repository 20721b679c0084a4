"""A service's side of the wire as an AsyncAPI 3.0 document, made from the contracts.

Channels are routing keys of topic exchanges, which is where a client publishes and what it binds
its own queues to; nobody names a service's queue. Actions are the service's: it receives commands
and queries, and sends replies and events.
"""

from collections.abc import Mapping
from typing import Any

from contracts.catalogue import events_of, operations_of
from contracts.documents.examples import EXAMPLES, body_of
from contracts.documents.schemas import Schema, Schemas
from contracts.events import EVENT_CONTENT_TYPE, Event, EventSource
from contracts.operations import Kind, Operation, Service
from contracts.problems import Problem
from contracts.replies import REPLY_CONTENT_TYPE, REPLY_TYPE

AMQP_BINDING = "0.3.0"
PERSISTENT = 2
TITLES = {
    Service.REFERRALS: "Handoff referrals",
    Service.EREFERRAL_DISPATCH: "Handoff e-referral dispatch",
    Service.CONNECTORS: "Handoff connectors",
}
SOURCES = {
    Service.REFERRALS: EventSource.REFERRALS,
    Service.EREFERRAL_DISPATCH: EventSource.EREFERRAL_DISPATCH,
    Service.CONNECTORS: EventSource.CONNECTORS,
}
_CORRELATION = "$message.header#/correlation_id"
_REPLY_TO = "$message.header#/reply_to"
_SERVERS = {
    "rabbitmq": {
        "host": "localhost:5672",
        "protocol": "amqp",
        "protocolVersion": "0-9-1",
        "description": "RabbitMQ, wherever the service's *_RABBITMQ_URL says.",
    }
}
_TEXT: Schema = {"type": "string"}
_UUID: Schema = {"type": "string", "format": "uuid"}
_TRACEPARENT: Schema = {**_TEXT, "description": "W3C trace context, carried on."}


def document(
    service: Service, version: str, heard: Mapping[str, EventSource] | None = None
) -> Schema:
    """The document. `heard`: queues of the service that take another one's events."""
    return _Document(service).made(version, heard or {})


class _Document:
    """What is gathered while a document is made: each part is named once and pointed to."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._schemas = Schemas(lambda name: f"#/components/schemas/{name}")
        self._messages: dict[str, Schema] = {}
        self._channels: dict[str, Schema] = {}
        self._operations: dict[str, Schema] = {}

    def made(self, version: str, heard: Mapping[str, EventSource]) -> Schema:
        title = TITLES[self._service]
        self._channels["replies"] = {
            "address": None,
            "title": "Replies",
            "description": "The default exchange, to the queue that reply_to names.",
            "messages": {},
        }
        for kind in Kind:
            for operation in operations_of(self._service, kind).values():
                self._receives(operation)
        for event in events_of(SOURCES[self._service]):
            self._sends(event)
        for queue, other in heard.items():
            self._hears(queue, other)
        return {
            "asyncapi": "3.0.0",
            "info": {
                "title": title,
                "version": version,
                "description": "Commands and queries over RabbitMQ, replies, and CloudEvents.",
                "license": {"name": "Apache-2.0"},
            },
            "defaultContentType": REPLY_CONTENT_TYPE,
            "servers": _SERVERS,
            "channels": self._channels,
            "operations": self._operations,
            "components": {"messages": self._messages, "schemas": self._schemas.shapes},
        }

    def _receives(self, operation: Operation[Any, Any]) -> None:
        request = self._message(f"{operation.name}.request", _request(operation, self._schemas))
        success = self._message(
            f"{operation.name}.reply", _reply_message(*self._success(operation))
        )
        problem = self._message("problem", _reply_message("A refusal", self._problem()))
        self._channel(operation.exchange, operation.name, [request], "A client publishes here.")
        for name in (success, problem):
            self._channels["replies"]["messages"][name] = _component("messages", name)
        self._operations[operation.name] = {
            "action": "receive",
            "title": operation.name,
            "summary": EXAMPLES[operation.name].does,
            "channel": {"$ref": f"#/channels/{operation.name}"},
            "messages": [{"$ref": f"#/channels/{operation.name}/messages/{request}"}],
            "bindings": _operation_binding(mandatory=True),
            "reply": {
                "address": {
                    "location": _REPLY_TO,
                    "description": "The AMQP property reply_to, such as amq.rabbitmq.reply-to.",
                },
                "channel": {"$ref": "#/channels/replies"},
                "messages": [
                    {"$ref": f"#/channels/replies/messages/{name}"} for name in (success, problem)
                ],
            },
        }

    def _success(self, operation: Operation[Any, Any]) -> tuple[str, Schema]:
        """What a reply to what was done is called, and its schema."""
        whole = self._schemas.reply(operation)
        return f"Done: {operation.name}", {**whole, "oneOf": whole["oneOf"][:-1]}

    def _problem(self) -> Schema:
        self._schemas.shape(Problem)
        schema: Schema = self._schemas.reply(None)["oneOf"][-1]
        return schema

    def _sends(self, event: Event[Any]) -> None:
        name = self._event(event)
        self._channel(
            f"{event.source[1:]}.events", event.name, [name], "A subscriber binds its queue here."
        )
        self._operations[event.name] = {
            "action": "send",
            "title": event.name,
            "channel": {"$ref": f"#/channels/{event.name}"},
            "messages": [{"$ref": f"#/channels/{event.name}/messages/{name}"}],
            "bindings": _operation_binding(mandatory=False),
        }

    def _hears(self, queue: str, source: EventSource) -> None:
        names = [self._event(event) for event in events_of(source)]
        self._channels[queue] = {
            "address": queue,
            "title": queue,
            "description": f"The service's own queue, bound to {source[1:]}.events.",
            "messages": {name: _component("messages", name) for name in names},
            "bindings": {
                "amqp": {
                    "is": "queue",
                    "queue": {
                        "name": queue,
                        "durable": True,
                        "exclusive": False,
                        "autoDelete": False,
                        "vhost": "/",
                    },
                    "bindingVersion": AMQP_BINDING,
                }
            },
        }
        self._operations[f"hear {queue}"] = {
            "action": "receive",
            "title": f"Hear {queue}",
            "channel": {"$ref": f"#/channels/{queue}"},
            "messages": [{"$ref": f"#/channels/{queue}/messages/{name}"} for name in names],
        }

    def _event(self, event: Event[Any]) -> str:
        return self._message(
            f"{event.name}.event",
            {
                "title": event.name,
                "contentType": EVENT_CONTENT_TYPE,
                "headers": _headers(traceparent=_TRACEPARENT),
                "payload": self._schemas.event(event),
                "bindings": _message_binding(event.name),
            },
        )

    def _channel(self, exchange: str, routing_key: str, messages: list[str], words: str) -> None:
        self._channels[routing_key] = {
            "address": str(routing_key),
            "title": f"{exchange}, {routing_key}",
            "description": words,
            "messages": {name: _component("messages", name) for name in messages},
            "bindings": {
                "amqp": {
                    "is": "routingKey",
                    "exchange": {
                        "name": exchange,
                        "type": "topic",
                        "durable": True,
                        "autoDelete": False,
                        "vhost": "/",
                    },
                    "bindingVersion": AMQP_BINDING,
                }
            },
        }

    def _message(self, name: str, message: Schema) -> str:
        self._messages[name] = {"name": name, **message}
        return name


def _request(operation: Operation[Any, Any], schemas: Schemas) -> Schema:
    command = operation.kind is Kind.COMMAND
    properties: dict[str, Schema] = {
        "message_id": {**_UUID, "description": "Its idempotency key (AMQP property)."},
        "correlation_id": {**_TEXT, "description": "Comes back in the reply (AMQP property)."},
        "reply_to": {**_TEXT, "description": "Where the reply goes (AMQP property)."},
        "traceparent": _TRACEPARENT,
        "actor": {
            **_TEXT,
            "maxLength": 128,
            "description": "The person behind the client, an opaque id, for the audit trail.",
        },
    }
    return {
        "title": operation.name,
        "summary": EXAMPLES[operation.name].does,
        "contentType": REPLY_CONTENT_TYPE,
        "correlationId": {"location": _CORRELATION},
        "headers": {
            **_headers(**properties),
            "required": ["message_id"] if command else ["reply_to"],
        },
        "payload": schemas.request(operation.request),
        "bindings": _message_binding(operation.name),
        "examples": [{"name": operation.name, "payload": body_of(operation.name)}],
    }


def _reply_message(title: str, payload: Schema) -> Schema:
    return {
        "title": title,
        "contentType": REPLY_CONTENT_TYPE,
        "correlationId": {"location": _CORRELATION},
        "headers": _headers(
            correlation_id={**_TEXT, "description": "The request's, or its message_id."}
        ),
        "payload": payload,
        "bindings": _message_binding(REPLY_TYPE),
    }


def _headers(**properties: Any) -> Schema:
    return {"type": "object", "properties": properties}


def _message_binding(type_: str) -> Schema:
    return {"amqp": {"messageType": type_, "bindingVersion": AMQP_BINDING}}


def _operation_binding(*, mandatory: bool) -> Schema:
    return {
        "amqp": {
            "deliveryMode": PERSISTENT,
            "mandatory": mandatory,
            "bindingVersion": AMQP_BINDING,
        }
    }


def _component(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}
