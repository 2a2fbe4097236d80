"""`wayline serve`: serve the learner's page and the HTTP API."""

from __future__ import annotations

import gc
import os
import shlex
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from flask import Flask

THREADS = 4
"""Threads a worker: enough to wait on the database in; more only compete for the interpreter."""


@click.command()
@click.option("--curriculum", metavar="DIR", help="The course; the embedded one by default.")
@click.option("--database", metavar="URL", help="Where the log is; ./wayline-data/wayline.db by default.")
@click.option("--model", metavar="NAME|DIR", help="The tracer, or the folder of a fitted one; wayline by default.")
@click.option("--grader", metavar="DIR", help="The folder of a fitted grader; else the course's own.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def serve(
    curriculum: str | None,
    database: str | None,
    model: str | None,
    grader: str | None,
    host: str,
    port: int,
    workers: int,
) -> None:
    """Serve the learner's page and the HTTP API until interrupted."""
    from api import logs
    from api.app import create_app
    from api.cli._refusals import refusals
    from api.settings import read_settings
    from api.wiring import build

    logs.adopt()
    with refusals():
        settings = read_settings(os.environ, curriculum=curriculum, database=database, model=model, grader=grader)
        service = build(settings)
        listener = _listen(host, port)
        service.prepare()
    if settings.grader is None and "text" in {item.kind for item in service.graph.items}:
        click.echo(_without_grader(settings.curriculum), err=True)
    _run(create_app(service), listener, workers)


def _without_grader(course: Path) -> str:
    """How answers in words are judged, and what would judge them better."""
    own = course / "graded_answers.jsonl"
    answers = str(own) if own.is_file() else "FILE"  # an installed course has answers, but no grader
    fit = ("wayline", "encoder", "fit", "--train", answers, "--curriculum", str(course), "--out", "grader")
    return (
        "No grader: answers in words are compared by their wording alone. With wayline[training], fit one by\n"
        f"  {shlex.join(fit)}\nand serve with --grader grader."
    )


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. It is made here, not by gunicorn, to fail at once and clearly."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}; choose another --port"
        raise click.ClickException(message) from None
    listener.set_inheritable(True)
    return listener


def _run(app: Flask, listener: socket.socket, workers: int) -> None:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    class Server(BaseApplication):  # type: ignore[misc]
        """gunicorn with our settings instead of its own command line."""

        def load_config(self) -> None:
            for name, value in _options(listener, workers).items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    gc.collect()
    gc.freeze()  # what the workers share stays shared: the collector does not touch it
    Server().run()


def _options(listener: socket.socket, workers: int) -> dict[str, Any]:
    root = _root(*listener.getsockname()[:2])
    return {
        "bind": f"fd://{listener.detach()}",  # gunicorn closes it
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "preload_app": True,
        "keepalive": 30,
        "loglevel": "warning",
        "proc_name": "wayline",
        "when_ready": lambda _: _greet(root),
    }


def _root(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there.

    >>> _root("0.0.0.0", 8000), _root("::1", 80)
    ('http://127.0.0.1:8000', 'http://[::1]:80')
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greet(root: str) -> None:
    """Say where things are, once connections are accepted."""
    click.echo(f"Wayline is ready. Learner's page: {root}/   API: {root}/docs")
    click.echo(
        f"Try: curl -X POST {root}/v1/learners/demo/recommendations "
        """-H 'Content-Type: application/json' -d '{"count": 3}'"""
    )
