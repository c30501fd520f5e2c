# SPDX-License-Identifier: Apache-2.0
"""The server: who may reach what, and how it begins and ends."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from between import EVENT
from served import ENDING_SECONDS, Served, serving

from edgemoe.caches import build_root
from edgemoe.cli import run as edgemoe
from edgemoe.demo import server
from edgemoe.images import MAX_UPLOAD_BYTES
from edgemoe.shipped import STREET

pytestmark = pytest.mark.slow


def ask(
    served: Served,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """One request, its path as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in (headers or {}))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None and "Content-Length" not in (headers or {}):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read(1 << 20)
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=http://127.0.0.1:1/",
        "/gradio_api/proxy=http://127.0.0.1:1/",
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/assets//etc/passwd",
        "/assets/..%5c..%5cetc/passwd",
        "/svelte/../../../etc/passwd",
        "/gradio_api/component_server",
        "/gradio_api/run/predict",
        "/monitoring",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_file_of_the_computer_is_handed_out(golden_page: Served, path: str) -> None:
    status, body = ask(golden_page, path)
    assert status in (400, 403, 404), body[:200]
    assert b"root:" not in body


def test_an_event_can_not_name_a_file_of_the_computer(golden_page: Served) -> None:
    _, text = ask(golden_page, "/config")
    config = json.loads(text)
    (upload,) = [
        entry for entry in config["dependencies"] if len(entry["inputs"]) == 2 and len(entry["outputs"]) == 4
    ]
    for path in ("/etc/passwd", "http://127.0.0.1:1/a.png", "../../etc/passwd", str(STREET), {}, None):
        data = [{"path": path, "meta": {"_type": "gradio.FileData"}}, None]
        message = {"data": data, "fn_index": upload["id"], "session_hash": "abc", "trigger_id": None}
        headers = {"Content-Type": "application/json"}
        answer = ask(
            golden_page,
            EVENT,
            "POST",
            json.dumps(message).encode(),
            headers,
        )
        assert answer == (400, b"Such an event is not taken.")


def test_an_upload_that_is_too_long(golden_page: Served) -> None:
    length = str(MAX_UPLOAD_BYTES + (1 << 20))
    status, body = ask(golden_page, "/gradio_api/upload", "POST", None, {"Content-Length": length})
    assert status == 413
    assert b"67,108,864 bytes" in body
    chunked = {"Transfer-Encoding": "chunked"}
    assert ask(golden_page, "/gradio_api/upload", "POST", None, chunked)[0] == 413


def test_a_name_of_somebody_else(golden_page: Served) -> None:
    assert ask(golden_page, "/", headers={"Host": "evil.example:7860"})[0] == 400
    assert ask(golden_page, "/", headers={"Host": f"localhost:{golden_page.port}"})[0] == 200


def test_only_this_computer_unless_told_otherwise(golden_page: Served) -> None:
    for entry in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, port = entry.split()[1].split(":")
        if int(port, 16) == golden_page.port and entry.split()[3] == "0A":
            assert address == "0100007F"


def test_a_port_in_use(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert edgemoe(["demo", "--backend", "golden", "--port", str(port)]) == 2
    said = capfd.readouterr().err
    assert f"Port {port} of 127.0.0.1 is in use" in said
    assert "--port 0" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "no.such.host.invalid"], "--host no.such.host.invalid: there is no such address"),
        (["--host", "203.0.113.7"], "can't be opened"),
        (["--image", "/no/such/folder"], "is not a folder"),
        (["--model", "none"], "none"),
        (["--dram", "latency=3"], "--dram is for --backend rtl"),
    ],
)
def test_arguments_that_do_not_work(
    capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert edgemoe(["demo", "--backend", "golden", "--port", "0", *arguments]) == 2
    assert words in capfd.readouterr().err


def test_without_the_library(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert edgemoe(["demo", "--backend", "golden", "--port", "0"]) == 2
    assert server.INSTALL in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_it_cleanly(number: int) -> None:
    with serving("--backend", "golden") as served:
        listening = socket.create_connection(
            ("127.0.0.1", served.port)
        )  # an idle connection holds nothing up
        stream = socket.create_connection(("127.0.0.1", served.port))
        stream.sendall(b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stream.recv(1 << 10).startswith(b"HTTP/1.1 200")  # it goes on and on
        status, seconds, said = served.interrupt(number)
        listening.close()
        stream.close()
    assert (status, said) == (130, "edgemoe: interrupted; nothing half-written is left.\n")
    assert seconds < ENDING_SECONDS


def test_the_network_is_warned_of_and_no_tunnel_is_opened() -> None:
    with serving(
        "--backend", "golden", "--host", "0.0.0.0", GRADIO_SHARE="1", GRADIO_ALLOWED_PATHS="/"
    ) as served:
        assert ask(served, "/", headers={"Host": "board.local"})[0] == 200
        assert ask(served, "/gradio_api/file=/etc/passwd")[0] == 404
        _, _, said = served.interrupt()
    assert "warning: --host 0.0.0.0 lets everybody on the network use this page" in said


def test_uploads_lie_below_build_and_go() -> None:
    with serving("--backend", "golden") as served:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="../../../up.png"\r\n\r\n'
        body = head + b"abc\r\n--x--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        status, answer = ask(served, "/gradio_api/upload", "POST", body, headers)
        assert status == 200
        (path,) = map(Path, json.loads(answer))
        assert (build_root() / "tmp").resolve() in path.resolve().parents
        assert path.read_bytes() == b"abc"
        served.interrupt()
    assert not any(
        parent.exists() for parent in path.parents if "demo-" in parent.name or "run-" in parent.name
    )


def test_nothing_of_the_library_is_imported_by_help() -> None:
    code = "import sys, edgemoe.cli.group, edgemoe.demo.engine, edgemoe.demo.view; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"gradio", "fastapi", "uvicorn", "pandas"} & set(loaded)
