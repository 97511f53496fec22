"""A page or file of the web, fetched because a person gave its address. The only file that opens a connection to one.

An address may lead into the network that this machine stands in: every name is looked up here, each of its addresses
is judged, also after a redirect, and the connection goes to the one that was judged. No cookies, passwords, proxies.
"""

import contextlib
import http.client
import ipaddress
import mimetypes
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from ingest.readers import SUFFIXES
from rag.errors import FootnoteError

SECONDS = 60  # for all of it
_SILENCE = 15  # seconds without a byte
_REDIRECTS = 5
_BLOCK = 1 << 16
_LONGEST_NAME = 80  # characters
_REDIRECTED = (301, 302, 303, 307, 308)
_HEADS = {"User-Agent": "Footnote", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
_SUFFIX_OF = {  # what the module mimetypes does not know, or knows otherwise
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "image/jpeg": ".jpg",
    "image/tiff": ".tiff",
    "image/webp": ".webp",
}
# Networks that carry IPv4 addresses inside, which are judged in their place: NAT64, 6to4.
_NAT64, _6TO4 = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchError(FootnoteError):
    """An address that is refused, or that cannot be fetched."""


@dataclass(frozen=True)
class Fetched:
    """What lies at an address; `name` ends in what its reader is chosen by, `url` is as it was given."""

    name: str
    data: bytes
    url: str


def is_address(text: str) -> bool:
    """Whether a text means a page of the web and not a file."""
    return bool(re.match(r"https?://", text, re.IGNORECASE))


def fetch(url: str, *, max_bytes: int, allow_private: bool, seconds: float = SECONDS) -> Fetched:
    """What lies at `url`.

    Args:
        allow_private: also addresses of this machine and of its own network.

    Raises:
        FetchError: refused, not to be reached, too large, too slow, or of a format that is not read.
    """
    deadline = time.monotonic() + seconds
    at = url
    for _ in range(_REDIRECTS + 1):
        parts = _checked(at)
        with _response(parts, allow_private, deadline) as response:
            if response.status in _REDIRECTED:
                at = _next(at, response, parts)
                continue
            if response.status != http.client.OK:
                raise FetchError(f"{url}: the server answers {response.status} {response.reason}. Check the address.")
            data = b"".join(_read(response, url, max_bytes, deadline))
            return Fetched(_name(urlsplit(at), response), _in_utf8(data, response), url)
    raise FetchError(f"{url}: it leads from address to address, more than {_REDIRECTS} times. Give the last one.")


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise FetchError(f"{url}: this is no address. Copy it from a browser.") from exc
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise FetchError(f"{url}: only addresses that begin with http:// or https:// are fetched.")
    if parts.username or parts.password:
        raise FetchError(
            f"{parts.hostname}: an address with a password in it is not fetched. Save the page and add it."
        )
    return parts


def _next(at: str, response: http.client.HTTPResponse, parts: SplitResult) -> str:
    target = urljoin(at, response.getheader("Location") or "")
    if parts.scheme == "https" and urlsplit(target).scheme != "https":
        raise FetchError(f"{at}: it leads to an address without encryption ({target}). Give that one if you trust it.")
    return target


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise FetchError(f"{host}: there is no such server, or no network. Check the address.") from exc
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address lies in the open internet, and not on this machine or in its own network."""
    parsed: _Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or (parsed.teredo[1] if parsed.teredo else None)
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        elif parsed in _6TO4:
            inner = parsed.sixtofour
        parsed = inner or parsed
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved)


class _Response:
    """An answer whose connection is closed after it."""

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, alarm: threading.Timer
    ) -> None:
        self._connection = connection
        self._response = response
        self._alarm = alarm

    def __enter__(self) -> http.client.HTTPResponse:
        return self._response

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        self._response.close()
        self._connection.close()


def _response(parts: SplitResult, allow_private: bool, deadline: float) -> _Response:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    addresses = _addresses(host, port)
    if not allow_private and not all(map(is_public, addresses)):
        raise FetchError(
            f"{host}: this address lies on this machine or in its own network, which is not fetched from. If it is "
            "meant, set FOOTNOTE_PRIVATE_ADDRESSES=true, or save the page and add the file."
        )
    connection = http.client.HTTPConnection(host, port, timeout=_SILENCE)
    # A server that sends a byte now and then keeps no reader waiting for longer than the deadline.
    alarm = threading.Timer(max(0.0, deadline - time.monotonic()), _hang_up, [connection])
    alarm.daemon = True
    try:
        connection.sock = _connected(addresses[0], host, port, parts.scheme.lower() == "https", deadline)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        alarm.start()
        connection.request("GET", _quoted(path), headers=_HEADS)
        return _Response(connection, connection.getresponse(), alarm)
    except (OSError, http.client.HTTPException) as exc:
        alarm.cancel()
        connection.close()
        raise FetchError(f"{host}: it could not be reached ({_why(exc)}). Check the address and the network.") from exc


def _hang_up(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    with contextlib.suppress(OSError):  # it may be closed by now
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)


def _connected(address: str, host: str, port: int, encrypted: bool, deadline: float) -> socket.socket:
    """A connection to the address that was judged, whatever its name means by now."""
    seconds = max(0.1, min(_SILENCE, deadline - time.monotonic()))
    made = socket.create_connection((address, port), timeout=seconds)
    if not encrypted:
        return made
    try:
        return ssl.create_default_context().wrap_socket(made, server_hostname=host)
    except OSError:
        made.close()
        raise


def _quoted(path: str) -> str:
    """The path in ASCII; a browser shows it with accents and spaces."""
    return "".join(
        one if "!" <= one <= "~" else "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "replace")) for one in path
    )


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_SILENCE} s"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")


def _read(response: http.client.HTTPResponse, url: str, max_bytes: int, deadline: float) -> Iterator[bytes]:
    count = 0
    while True:
        try:
            block = response.read1(_BLOCK)
        except (OSError, http.client.HTTPException) as exc:
            raise FetchError(f"{url}: the connection broke off ({_why(exc)}). Try again.") from exc
        if time.monotonic() > deadline:
            raise FetchError(f"{url}: it takes too long. Save it with a browser and add the file.")
        if not block and response.length:
            raise FetchError(f"{url}: the connection broke off before the end. Try again.")
        if not block:
            return
        count += len(block)
        if count > max_bytes:
            limit = f"{max_bytes / 1e6:,.0f} MB"
            raise FetchError(f"{url}: it is larger than {limit}. Raise the limit with FOOTNOTE_FILE_MEGABYTES.")
        yield block


def _name(parts: SplitResult, response: http.client.HTTPResponse) -> str:
    """The last part of the address and its server: "leave (example.org).html"."""
    last = PurePosixPath(unquote(parts.path)).name
    kind = response.headers.get_content_type()
    own = PurePosixPath(last).suffix.lower()
    by_kind = _SUFFIX_OF.get(kind) or mimetypes.guess_extension(kind) or ""
    known = own in SUFFIXES and kind in ("application/octet-stream", "text/plain", "binary/octet-stream")
    suffix = own if known or by_kind not in SUFFIXES else by_kind
    if suffix not in SUFFIXES:
        raise FetchError(f"{parts.geturl()}: what lies there ({kind}) is of no format that is read (docs/formats.md).")
    stem = re.sub(r"[\x00-\x1f/\\]+", " ", last.removesuffix(PurePosixPath(last).suffix) if own else last).strip()
    return f"{stem[:_LONGEST_NAME]} ({parts.hostname}){suffix}" if stem else f"{parts.hostname}{suffix}"


def _in_utf8(data: bytes, response: http.client.HTTPResponse) -> bytes:
    """Text in the encoding that only the server names, as UTF-8; else as it is."""
    charset = response.headers.get_content_charset() or "utf-8"
    if response.headers.get_content_maintype() != "text" or charset in ("utf-8", "us-ascii"):
        return data
    try:
        return data.decode(charset).encode("utf-8") if b"charset" not in data[:2_000].lower() else data
    except (LookupError, UnicodeError):
        return data
