"""runserver: the console on this machine, with the worker beside it if asked for."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import FrameType
from typing import TYPE_CHECKING

import click
from werkzeug.serving import (
    WSGIRequestHandler,
    is_running_from_reloader,
    make_server,
    run_simple,
)

from console.cli.context import current_app, pass_console
from console.cli.errors import Refusal
from console.cli.output import say, warn
from console.cli.pending import pending_lines
from console.cli.worker import worker_beside
from console.store.upgrade import upgrade_store

if TYPE_CHECKING:
    from console.mount import Console


class Handler(WSGIRequestHandler):
    """Logs requests for pages; what a page loads, and its streams, would only hide them."""

    QUIET = ("/static/", "/events")

    def version_string(self) -> str:
        """The Server header: no versions for strangers."""
        return "Console"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log one answered request, unless it is a static file or a stream that went well."""
        path = self.path.split("?")[0]
        if str(code).startswith(("2", "3")) and any(part in path for part in self.QUIET):
            return
        self.log("info", "%s %s %s", self.command, path, code)


@click.command()
@click.argument("address", required=False, metavar="[[HOST:]PORT]")
@click.option("--host", help="Address to serve on; 127.0.0.1 unless given.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; $PORT or 5000 unless given.")
@click.option("--reload/--no-reload", default=False, help="Start again when Python code changes.")
@click.option(
    "--with-worker/--without-worker", default=False, help="Run the worker beside the server."
)
@pass_console
def runserver(
    console: Console,
    address: str | None,
    host: str | None,
    port: int | None,
    reload: bool,
    with_worker: bool,
) -> None:
    """Serve the console on this machine."""
    given_host, given_port = _split(address)
    host = host or given_host or "127.0.0.1"
    port = port or given_port or console.settings.port
    if is_running_from_reloader():
        _serve_reloading(host, port)
        return
    with listening(host, port) as listener:
        upgrade_store(console.store)
        with _quietly_stopped(), worker_beside() if with_worker else nullcontext():
            _greet(console, host, port)
            if reload:
                listener.close()
                _serve_reloading(host, port)
            else:
                make_server(
                    host,
                    port,
                    current_app(),
                    threaded=True,  # a page that follows a run keeps its connection open
                    request_handler=Handler,
                    fd=listener.fileno(),
                ).serve_forever()
    say("Stopped.")


def _serve_reloading(host: str, port: int) -> None:
    run_simple(host, port, current_app(), threaded=True, use_reloader=True, request_handler=Handler)


def _split(address: str | None) -> tuple[str | None, int | None]:
    """Django's way of giving an address: 8000, 0.0.0.0:8000 or [::1]:8000."""
    if address is None:
        return None, None
    host, _, port = address.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise click.BadParameter(
            f"'{address}' is not a port or host:port, like 8000 or 0.0.0.0:8000."
        )
    return host.strip("[]") or None, int(port)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens on the address; Refusal in one line if it is taken."""
    try:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(where[:2], family=family, backlog=128)
    except OSError as error:
        other = port + 1 if port < 65535 else 5000
        raise Refusal(
            f"Port {port} on {host} cannot be used ({error.strerror}); "
            f"choose another one: manage.py runserver --port {other}, or PORT={other} make run"
        ) from error
    with listener:
        yield listener


@contextmanager
def _quietly_stopped() -> Iterator[None]:
    """End the block on SIGTERM and SIGHUP as on Ctrl-C, and all of them without a traceback."""

    def stop(_signum: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signum, stop)
    with suppress(KeyboardInterrupt):
        yield


def _greet(console: Console, host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    for line in pending_lines(console, url):
        warn(line)
    if console.settings.is_production:
        warn(
            "This server is for one machine and few people. In production serve "
            f"{console.application} with a WSGI server, and run `manage.py worker` beside it."
        )
    say(f"Console is at {url}{console.url_prefix}/ - Ctrl-C stops it.")
