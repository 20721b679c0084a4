"""A private RabbitMQ: own node, own data, own ports of 127.0.0.1, own user and cookie."""

import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from ops.servers.folders import private_folder, write_private
from ops.servers.greeting import greeted_version
from ops.servers.ports import free_ports
from ops.servers.processes import Account, BoundProcess, ServerDidNotStart, run_as
from ops.servers.programs import NoServer, RabbitMQPrograms

START_TIMEOUT_SECONDS = 90.0
_START_ATTEMPTS = 3
_NODE = "handoff@localhost"
_USER = "handoff"
_LOOPBACK_ONLY = "-kernel inet_dist_use_interface {127,0,0,1}"


class PrivateRabbitMQ:
    """One RabbitMQ node below `folder`, run as `account`, with an administrator of its own.

    `start`, `stop` and `kill` may follow each other in any order; port, users and data stay. It
    ends with this process, even by kill -9. All methods block: call them from async code through
    a thread. Plugins are off: no management, no HTTP.
    """

    def __init__(self, programs: RabbitMQPrograms, folder: Path, account: Account | None) -> None:
        self._programs = programs
        self._folder = private_folder(account, folder / "rabbitmq")
        self._account = account
        self._password = secrets.token_urlsafe(24)
        self._ports: tuple[int, int, int] | None = None
        self._epmd: BoundProcess | None = None
        self._process: BoundProcess | None = None
        self.version = ""
        write_private(account, self._folder / ".erlang.cookie", secrets.token_hex(20), mode=0o400)
        write_private(account, self._folder / "enabled_plugins", "[].\n")

    @property
    def port(self) -> int:
        """The AMQP port on 127.0.0.1; raises RuntimeError before the first start."""
        return self._chosen_ports[0]

    @property
    def url(self) -> str:
        """`amqp://` URL of the administrator, on the vhost `/`."""
        return self.vhost_url("/")

    @property
    def pid(self) -> int:
        """The Erlang machine's process number; raises RuntimeError while it is stopped."""
        if self._process is None:
            raise RuntimeError("this RabbitMQ is not running")
        return self._process.pid

    @property
    def log(self) -> Path:
        """The file with everything the server has said."""
        return self._folder / "server.log"

    def vhost_url(self, vhost: str, user: str = _USER, password: str | None = None) -> str:
        """`amqp://` URL of the administrator, or of another user, on `vhost`."""
        address = f"{user}:{password or self._password}@127.0.0.1:{self.port}"
        return f"amqp://{address}/{quote(vhost, safe='')}"

    def start(self) -> None:
        """Start and wait until it speaks AMQP. Raises ServerDidNotStart."""
        if self._process is not None:
            return
        if self._ports is not None:
            self._start_node()
            return
        for attempt in range(1, _START_ATTEMPTS + 1):
            amqp, distribution, names = free_ports(3)
            self._ports = (amqp, distribution, names)
            try:
                self._start_names()
                self._start_node()
            except ServerDidNotStart:
                # Another run may have taken a port since we looked.
                self.close()
                if attempt == _START_ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        """Shut down as an operator would, by SIGTERM."""
        self._end_node(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL for the node and all its processes, as when the machine loses power.

        RabbitMQ writes down which quorum queues it has every 5 s only, and after a kill forgets
        a younger one with all its messages (seen on 3.10: it exists, but never gets a leader).
        Tests are younger than that, so the list is written first where the node still answers.
        """
        with suppress(subprocess.TimeoutExpired):
            self._evaluate("[dets:sync(Table) || Table <- dets:all()].", timeout_seconds=2.0)
        self._end_node(signal.SIGKILL)

    def close(self) -> None:
        """End the node and its name server at once, for good: its data is about to be deleted."""
        self._end_node(signal.SIGKILL)
        if self._epmd is not None:
            self._epmd.end(signal.SIGKILL)
            self._epmd = None

    def ctl(self, *arguments: str, timeout_seconds: float = 60.0) -> str:
        """Run `rabbitmqctl` against this node and return its output.

        Boots an Erlang machine: about 0.7 s. Raises RuntimeError with its message.
        """
        ended = run_as(
            self._account,
            [str(self._programs.scripts / "rabbitmqctl"), "-q", "-n", _NODE, *arguments],
            environment=self._environment(),
            folder=self._folder,
            timeout_seconds=timeout_seconds,
        )
        if ended.returncode != 0:
            # The arguments may hold a password; the first is the command's name.
            raise RuntimeError(f"rabbitmqctl {arguments[0]}: {ended.stderr or ended.stdout}")
        return ended.stdout

    def add_vhost(self, vhost: str) -> str:
        """Create an empty vhost, all rights for the administrator, and return its URL."""
        name = _checked(vhost)
        rights = ", ".join(['<<".*">>'] * 3)
        expression = (
            f'ok = rabbit_vhost:add(<<"{name}">>, <<"{_USER}">>), '
            f"ok = rabbit_auth_backend_internal:set_permissions("
            f'<<"{_USER}">>, <<"{name}">>, {rights}, <<"{_USER}">>).'
        )
        if not self._evaluate(expression):
            self.ctl("add_vhost", name)
            self.ctl("set_permissions", "-p", name, _USER, ".*", ".*", ".*")
        return self.vhost_url(name)

    def delete_vhost(self, vhost: str) -> None:
        """Delete a vhost with its queues and exchanges, and close the connections to it."""
        name = _checked(vhost)
        if not self._evaluate(f'ok = rabbit_vhost:delete(<<"{name}">>, <<"{_USER}">>).'):
            self.ctl("delete_vhost", name)

    def add_user(self, user: str) -> str:
        """Create a user who may do nothing anywhere, and return the password."""
        name, password = _checked(user), secrets.token_urlsafe(24)
        arguments = f'<<"{name}">>, <<"{password}">>, <<"{_USER}">>'
        if not self._evaluate(f"ok = rabbit_auth_backend_internal:add_user({arguments})."):
            self.ctl("add_user", name, password)
        return password

    def delete_user(self, user: str) -> None:
        """Delete a user with all permissions."""
        name = _checked(user)
        deleted = f'rabbit_auth_backend_internal:delete_user(<<"{name}">>, <<"{_USER}">>)'
        if not self._evaluate(f"ok = {deleted}."):
            self.ctl("delete_user", name)

    def listen_with_tls(self, certificate_pem: str, key_pem: str) -> int:
        """Listen on a further port of 127.0.0.1 for AMQP over TLS, and return it.

        The listener ends with the node. Raises RuntimeError.
        """
        (port,) = free_ports(1)
        options = ["{verify, verify_none}", "{versions, ['tlsv1.3', 'tlsv1.2']}"]
        for what, text in (("certfile", certificate_pem), ("keyfile", key_pem)):
            path = self._folder / f"tls-{port}-{what}.pem"
            write_private(self._account, path, text)
            options.append(f'{{{what}, "{path}"}}')
        expression = (
            "{ok, _} = application:ensure_all_started(ssl), "
            f'rabbit_networking:start_ssl_listener({{"127.0.0.1", {port}}}, '
            f"[{', '.join(options)}], 2)."
        )
        if not self._evaluate(expression):
            self.ctl("eval", expression)
        return port

    @property
    def _chosen_ports(self) -> tuple[int, int, int]:
        if self._ports is None:
            raise RuntimeError("this RabbitMQ has not been started yet")
        return self._ports

    def _start_names(self) -> None:
        """Start epmd, Erlang's name server: left to Erlang, it would be a daemon that stays."""
        program = self._programs.erlang_tool("epmd")
        if program is None:
            raise NoServer(f"The Erlang in {self._programs.erlang} has no epmd: install all of it.")
        port = self._chosen_ports[2]
        self._epmd = self._bound([str(program), "-port", str(port), "-address", "127.0.0.1"])
        deadline = time.monotonic() + 10.0
        while not _accepts(port):
            if self._epmd.ended or time.monotonic() > deadline:
                raise ServerDidNotStart(f"epmd did not start on 127.0.0.1:{port}")
            time.sleep(0.02)

    def _start_node(self) -> None:
        write_private(
            self._account,
            self._folder / "rabbitmq.conf",
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"default_user = {_USER}\n"
            f"default_pass = {self._password}\n"
            "default_user_tags.administrator = true\n"
            # Small disks shall not block publishers.
            "disk_free_limit.absolute = 50MB\n"
            "log.console = true\n"
            "log.file = false\n",
        )
        process = self._bound([str(self._programs.scripts / "rabbitmq-server")])
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        version = greeted_version("127.0.0.1", self.port)
        while version is None:
            if process.ended or time.monotonic() > deadline:
                process.end(signal.SIGKILL)
                said = self.log.read_text(errors="replace").splitlines()[-12:]
                raise ServerDidNotStart(
                    f"RabbitMQ did not start on 127.0.0.1:{self.port}: " + "\n".join(said)
                )
            time.sleep(0.05)
            version = greeted_version("127.0.0.1", self.port)
        self.version = version
        self._process = process

    def _end_node(self, with_signal: signal.Signals) -> None:
        if self._process is not None:
            self._process.end(with_signal)
            self._process = None

    def _bound(self, argv: list[str]) -> BoundProcess:
        return BoundProcess(
            argv,
            environment=self._environment(),
            folder=self._folder,
            log=self.log,
            account=self._account,
            # The node's children leave when their pipe to it closes.
            death_signal=signal.SIGKILL,
        )

    def _evaluate(self, expression: str, timeout_seconds: float = 30.0) -> bool:
        """Evaluate Erlang in the node by erl_call, a C program: 5 ms where rabbitmqctl needs 700.

        False where this Erlang has no erl_call, or the expression failed.
        """
        program = self._programs.erlang_tool("erl_call")
        if program is None:
            return False
        ended = run_as(
            self._account,
            [str(program), "-e", "-sname", _NODE],
            environment=self._environment(),
            folder=self._folder,
            stdin=f"{expression}\n",
            timeout_seconds=timeout_seconds,
        )
        return ended.returncode == 0 and ended.stdout.startswith("{ok,")

    def _environment(self) -> Mapping[str, str]:
        _, distribution, names = self._chosen_ports
        folder = str(self._folder)
        return {
            "PATH": f"{self._programs.erlang / 'bin'}:/usr/bin:/bin:/usr/sbin:/sbin",
            "LD_LIBRARY_PATH": ":".join(str(place) for place in self._programs.library_path),
            "LANG": "C.UTF-8",
            "HOME": folder,
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # For every Erlang machine, rabbitmqctl's too: a name server started by one of them
            # would be a daemon that outlives us.
            "ERL_AFLAGS": f"-start_epmd false {_LOOPBACK_ONLY}",
            "ERL_CRASH_DUMP": "/dev/null",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_FEATURE_FLAGS_FILE": f"{folder}/feature_flags",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_NODENAME": _NODE,
            "RABBITMQ_DIST_PORT": str(distribution),
            # Makes the start script replace itself by the Erlang machine, so that our signals
            # reach that; without -noinput it would then read commands from its input.
            "RABBITMQ_ALLOW_INPUT": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput",
        }


def _checked(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise ValueError(f"not a plain name of a vhost or user: {name!r}")
    return name


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True
