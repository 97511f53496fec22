"""Pages of the web from a real server, and the addresses that are refused."""

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import fetching
from ingest.__main__ import main
from ingest.fetching import Fetched, FetchError, fetch, is_public
from ingest.queue import IngestQueue
from ingest.readers import read
from rag.library import Library
from rag.settings import Settings, load_settings
from tests.documents import WEB_PAGE, write_pdf
from tests.fakes import HashingEmbedder

Answer = tuple[int, dict[str, str], bytes]


class Server(http.server.ThreadingHTTPServer):
    """Answers by path."""

    answers: dict[str, Answer | Callable[[http.server.BaseHTTPRequestHandler], None]]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = self.server.answers.get(self.path, (404, {}, b"not here"))
        if callable(answer):
            answer(self)
            return
        status, heads, body = answer
        self.send_response(status)
        for name, value in heads.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.answers = {"/rules": (200, {"Content-Type": "text/html; charset=utf-8"}, WEB_PAGE.encode())}
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def url(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def get(server: Server, path: str, **options: Any) -> Fetched:
    return fetch(url(server, path), **{"max_bytes": 1_000_000, "allow_private": True, **options})


def test_a_page_is_fetched_and_read(server: Server, tmp_path: Path) -> None:
    page = get(server, "/rules")
    assert page.name == "rules (127.0.0.1).html"
    (tmp_path / page.name).write_bytes(page.data)
    document = read(tmp_path / page.name, max_bytes=10**6)
    assert "A night may cost up to 120 euros" in document.pages[0].text
    assert "menu entry" not in document.pages[0].text


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/a/handbook.pdf?x=1", "application/pdf", "handbook (127.0.0.1).pdf"),
        ("/", "text/html", "127.0.0.1.html"),
        ("/data.csv", "application/octet-stream", "data (127.0.0.1).csv"),
        ("/notes.md", "text/plain", "notes (127.0.0.1).md"),
        ("/photo", "image/jpeg", "photo (127.0.0.1).jpg"),
        ("/%C3%84rzte%2F..%2Fx.html", "text/html", "x (127.0.0.1).html"),
    ],
)
def test_the_name_says_what_and_where(server: Server, path: str, kind: str, name: str) -> None:
    server.answers[path] = (200, {"Content-Type": kind}, b"x")
    assert get(server, path).name == name


def test_text_in_another_encoding_is_kept_as_utf8(server: Server) -> None:
    server.answers["/a.txt"] = (200, {"Content-Type": "text/plain; charset=iso-8859-1"}, "Grüße".encode("latin-1"))
    assert get(server, "/a.txt").data == "Grüße".encode()


def test_this_machine_is_refused_unless_it_is_allowed(server: Server) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"):
        with pytest.raises(FetchError, match="FOOTNOTE_PRIVATE_ADDRESSES"):
            fetch(f"http://{host}:{server.server_port}/rules", max_bytes=10**6, allow_private=False)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        *((address, False) for address in (
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
            "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
            "2002:7f00:1::", "ff02::1",
        )),
    ],
)  # fmt: skip
def test_addresses_of_networks_that_are_not_open_are_known(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_redirect_is_followed_and_judged(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers["/old"] = (302, {"Location": "/rules"}, b"")
    assert get(server, "/old").name == "rules (127.0.0.1).html"
    server.answers["/inside"] = (302, {"Location": url(server, "/rules")}, b"")
    # The first server counts as one of the internet; where it leads to lies on this machine.
    real, asked = fetching._addresses, []

    def looked_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return real("127.0.0.1" if host == "public.example" else host, port)

    monkeypatch.setattr(fetching, "_addresses", looked_up)
    monkeypatch.setattr(fetching, "is_public", lambda address: asked[-1] == "public.example")
    with pytest.raises(FetchError, match="on this machine"):
        fetch(f"http://public.example:{server.server_port}/inside", max_bytes=10**6, allow_private=False)
    assert asked == ["public.example", "127.0.0.1"]


def test_a_name_with_one_private_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_addresses", lambda host, port: ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(FetchError, match="on this machine"):
        fetch("http://rebinding.example/", max_bytes=10**6, allow_private=False)


def test_the_connection_goes_to_the_address_that_was_judged(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_addresses", lambda host, port: ["127.0.0.1"])
    seen: list[tuple[str, int]] = []
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda at, **options: seen.append(at) or real(at, **options))
    fetch(f"http://any.example:{server.server_port}/rules", max_bytes=10**6, allow_private=True)
    assert seen == [("127.0.0.1", server.server_port)]


def test_endless_redirects_end(server: Server) -> None:
    server.answers["/loop"] = (302, {"Location": "/loop"}, b"")
    with pytest.raises(FetchError, match="from address to address"):
        get(server, "/loop")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("ftp://example.org/a.pdf", "only addresses that begin with"),
        ("file:///etc/passwd", "only addresses that begin with"),
        ("http://user:secret@example.org/", "with a password"),
        ("http://example.org:99999/", "no address"),
        ("http:///nothing", "only addresses"),
    ],
)
def test_other_addresses_are_refused(given: str, says: str) -> None:
    with pytest.raises(FetchError, match=says) as caught:
        fetch(given, max_bytes=10**6, allow_private=True)
    assert "secret" not in str(caught.value)


def test_large_slow_missing_and_strange_things_are_refused(server: Server) -> None:
    server.answers["/large.txt"] = (200, {"Content-Type": "text/plain"}, b"x" * 2_000_000)
    with pytest.raises(FetchError, match="larger than 1 MB"):
        get(server, "/large.txt")
    with pytest.raises(FetchError, match="404"):
        get(server, "/none")
    server.answers["/song"] = (200, {"Content-Type": "audio/mpeg"}, b"x")
    with pytest.raises(FetchError, match="no format that is read"):
        get(server, "/song")

    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        for _ in range(100):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.05)

    server.answers["/drip"] = drip
    started = time.monotonic()
    with pytest.raises(FetchError):
        get(server, "/drip", seconds=0.5)
    assert time.monotonic() - started < 3


def test_half_of_a_page_is_none(server: Server) -> None:
    def broken(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf")

    server.answers["/half.txt"] = broken
    with pytest.raises(FetchError, match="broke off"):
        get(server, "/half.txt")


def test_a_page_that_is_fetched_again_replaces_its_old_version(server: Server, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with Library.open(settings, holder="the test") as library:
        embedder = HashingEmbedder()
        library.open_store(embedder)
        queue = IngestQueue(library, settings)
        queue.start(embedder)
        for text in ("The pump is blue.", "The pump is green."):
            server.answers["/pump.txt"] = (200, {"Content-Type": "text/plain"}, text.encode())
            page = get(server, "/pump.txt")
            queue.receive(page.name, page.data, source=page.url)
            while queue.snapshot().is_open:
                time.sleep(0.02)
        queue.close()
        assert [chunk.text for chunk in library.store.chunks()] == ["The pump is green."]
        (record,) = library.catalog.documents("library")
        assert record.sources == (url(server, "/pump.txt"),)


def test_the_terminal_fetches_what_is_named_and_goes_on_where_it_cannot(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rag.build.load_embedder", lambda *_, **__: HashingEmbedder())
    monkeypatch.setenv("FOOTNOTE_HOME", str(tmp_path / "home"))
    assert main([url(server, "/rules")]) == 1
    assert "FOOTNOTE_PRIVATE_ADDRESSES" in capsys.readouterr().err
    monkeypatch.setenv("FOOTNOTE_PRIVATE_ADDRESSES", "true")
    write_pdf(tmp_path / "a.pdf", ["Words."])
    assert main([url(server, "/rules"), url(server, "/none"), str(tmp_path / "a.pdf")]) == 1
    told = capsys.readouterr()
    assert "2 added" in told.out
    assert "404" in told.err


def test_a_switch_is_true_or_false() -> None:
    assert load_settings({"FOOTNOTE_PRIVATE_ADDRESSES": "On"}, Path("none")).private_addresses is True
    with pytest.raises(Exception, match="true or false"):
        load_settings({"FOOTNOTE_PRIVATE_ADDRESSES": "perhaps"}, Path("none"))
