# SPDX-License-Identifier: Apache-2.0
"""`edgemoe demo`: opens what is needed, serves the page, and ends cleanly."""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import socket
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgemoe.config import TASKS
from edgemoe.demo.devices import find_device
from edgemoe.demo.engine import Engine
from edgemoe.demo.guard import Guard
from edgemoe.demo.intake import offered
from edgemoe.demo.visits import PAGES, Visits
from edgemoe.errors import UserError
from edgemoe.images import MAX_UPLOAD_BYTES
from edgemoe.inputs import find_package
from edgemoe.progress import Progress
from edgemoe.report.inline import rendered

if TYPE_CHECKING:
    import uvicorn

LEAVING_SECONDS = 1
"""How long open connections are waited for at the end."""
LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
INSTALL = "pip install 'edgemoe[demo]'"


def serve(
    *,
    model: str = "nano",
    board: str | None = None,
    backend: str = "rtl",
    host: str = "127.0.0.1",
    port: int = 7860,
    images: Path | None = None,
    dram: Any = None,
    overlay: Path | None = None,
) -> None:
    """Serve the page until it is interrupted.

    images: a folder of pictures to offer besides the shipped one; the other arguments are those of the command line.

    Raises:
        UserError: bad input, a package that is missing, or a port that can't be had; before the page is there.
        KeyboardInterrupt: how it ends.
    """
    label, package = find_package(model)
    if not package.config.is_of_scenes:
        raise UserError(
            f"The page shows the tasks {' and '.join(TASKS)}; model {label} answers {', '.join(package.config.tasks)}. "
            "Run it with `edgemoe cosim` or `edgemoe infer`."
        )
    pictures = offered(images)
    _check_installed()
    with closing(listen(host, port)) as listener:
        with Progress() as progress:
            device = find_device(backend, package, board, overlay=overlay, dram=dram, progress=progress.step)
        with (
            tempfile.TemporaryDirectory(prefix="demo-") as uploads,
            closing(Engine(label, device)) as engine,
        ):
            app = application(engine, pictures, Path(uploads), host)
            # What is loaded stays: looking through it for what nobody uses any more takes seconds at the end.
            gc.freeze()
            _announce(listener, host)
            web_server(app).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; UserError with the way out where it can't."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UserError(
            f"--host {host}: there is no such address here ({error}); leave it out for this computer."
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(64)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"Port {port} of {host} is in use, perhaps by another `edgemoe demo`. End that, or choose another: "
                "--port 0 takes a free one."
            ) from error
        raise UserError(
            f"Port {port} of {host} can't be opened: {error.strerror}. Choose another."
        ) from error
    return listener


def application(engine: Engine, pictures: dict[str, Path], uploads: Path, host: str) -> Guard:
    """The page as an ASGI application that asks nobody for anything and hands out nothing else."""
    _settle(uploads)
    import gradio as gr
    from fastapi import FastAPI

    from edgemoe.demo.page import build_page

    visits = Visits(engine)
    page = build_page(engine, visits, pictures, uploads)
    page.state_session_capacity = PAGES  # the chosen picture of each
    css = (Path(__file__).parent / "templates" / "demo.css").read_text(encoding="utf-8")
    served = gr.mount_gradio_app(
        FastAPI(openapi_url=None, docs_url=None, redoc_url=None),
        page,
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=True,
        max_file_size=MAX_UPLOAD_BYTES,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=gr.themes.Default(
            primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
        ),
        css=css,
        head=rendered("head.html.j2", {}, "edgemoe.demo"),
    )
    return Guard(served, uploads, visits, LOCAL if _is_local(host) else None)


def _settle(uploads: Path) -> None:
    """The library's settings: it has more than the page's, and nobody's environment shall open a way to outside."""
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(uploads),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
    }


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("gradio") is None:
        raise UserError(
            f"`edgemoe demo` needs the package gradio, which is not installed: {INSTALL} (in a clone: `make setup`)."
        )


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _announce(listener: socket.socket, host: str) -> None:
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    if not _is_local(host):
        print(
            f"warning: --host {host} lets everybody on the network use this page and the device behind it.",
            file=sys.stderr,
        )
    print(f"The page is at http://{shown}:{port}/ ; Ctrl-C ends it.", flush=True)


def web_server(app: Guard) -> uvicorn.Server:
    """What serves the application: its `run` until a signal, which is raised again when the connections are closed."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.end()
            await super().shutdown(sockets)

    configuration = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=LEAVING_SECONDS,
        server_header=False,
    )
    return Server(configuration)
