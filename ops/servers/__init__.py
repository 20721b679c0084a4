"""Real PostgreSQL and RabbitMQ servers for development, tests and measurements.

`backing_servers` finds or starts both, in this order: the URLs of the environment, installed
programs as private instances on 127.0.0.1, a Docker engine, programs fetched for this checkout.
"""

from ops.servers.backing import Servers, backing_servers
from ops.servers.databases import create_database, drop_database
from ops.servers.postgres import PrivatePostgres
from ops.servers.processes import ServerDidNotStart
from ops.servers.programs import NoServer
from ops.servers.rabbitmq import PrivateRabbitMQ

__all__ = [
    "NoServer",
    "PrivatePostgres",
    "PrivateRabbitMQ",
    "ServerDidNotStart",
    "Servers",
    "backing_servers",
    "create_database",
    "drop_database",
]
