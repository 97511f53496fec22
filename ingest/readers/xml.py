"""XML and HTML as trees, through lxml, without entities, document types and the network."""

import html
import re
from typing import Any

from lxml import etree

from rag.errors import UnreadableDocument

Element = Any  # lxml's element, which readers walk through

_ENTITY = b"<!ENTITY"
_WIDE_ENTITY = _ENTITY.decode().encode("utf-16-le")[:-1]  # without its last byte also in UTF-16 with the other order
_DECLARED = re.compile(r"<!ENTITY\s+([^\s%;&]+)\s")
_USED = re.compile(r"&[^\s%;&#]+;")
_NAMED_CHARACTER = re.compile(rb"&(?!(?:lt|gt|amp|quot|apos);)[A-Za-z]\w+;")


def parse_xml(data: bytes, damaged: UnreadableDocument) -> Element:
    """The root of a document; what is broken in it is passed over where anything can be made of it.

    Raises:
        UnreadableDocument: `damaged`, where nothing can; where a limit of the parser would cost the rest of it.
    """
    if b"<!DOCTYPE" in data:  # which would say what named characters are
        data = _NAMED_CHARACTER.sub(_numbered, data)
    parser = _xml_parser(recover=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as exc:
        raise damaged from exc
    limits = parser.error_log.filter_types(etree.ErrorTypes.ERR_RESOURCE_LIMIT)
    if any("entity" not in limit.message for limit in limits):  # what grows by entities is named as such
        raise UnreadableDocument(damaged.name, "its elements are nested too deeply, or too long", damaged.remedy)
    if root is None:
        raise damaged
    return root


def parse_html(markup: str, damaged: UnreadableDocument) -> Element:
    """The root of a page. XHTML is read as what it says it is, since browsers leave elements open that it closes.

    Raises:
        UnreadableDocument: `damaged`, where nothing can be made of it.
    """
    if "http://www.w3.org/1999/xhtml" in markup[:2_000]:
        try:
            numbered = _NAMED_CHARACTER.sub(_numbered, _undeclared(markup).encode())
            return etree.fromstring(numbered, _xml_parser(recover=False))
        except (etree.LxmlError, ValueError):
            pass  # not the XHTML that it says it is: read as browsers do
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(_undeclared(markup).encode(), parser)
    except (etree.LxmlError, ValueError) as exc:
        raise damaged from exc
    if root is None:
        raise damaged
    return root


def declares_entities(data: bytes) -> bool:
    """Whether XML gives names to text: a few lines may become gigabytes by that, or read other files."""
    return _ENTITY in data or _WIDE_ENTITY in data


def unread_entities(data: bytes) -> list[str]:
    """The entities that XML declares and uses, "&name;", none of which is read; not those that HTML knows, too."""
    if not declares_entities(data):
        return []
    text = data.decode("utf-8" if _ENTITY in data else "utf-16", errors="replace")
    declared = {f"&{name};" for name in _DECLARED.findall(text)}
    used = dict.fromkeys(_USED.findall(text.rpartition(_ENTITY.decode())[2].partition(">")[2]))
    return [name for name in used if name in declared and len(html.unescape(name)) > 1]


def local_name(element: Element) -> str:
    """The name of an element without its namespace, "" for an entity that stands in its place."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _numbered(match: re.Match[bytes]) -> bytes:
    """A named character of HTML as its number, which needs no declaration."""
    character = html.unescape(match[0].decode("ascii", errors="replace"))
    return match[0] if len(character) != 1 else f"&#{ord(character)};".encode()


def _undeclared(markup: str) -> str:
    """Without the line that names an encoding, which is another one now."""
    return re.sub(r"\A\s*<\?xml[^>]*>", "", markup)


def _xml_parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, recover=recover, remove_comments=True, remove_pis=True
    )


def unwrap(tree: Element, name: str) -> None:
    """Leaves what is in the elements of a name in their places."""
    etree.strip_tags(tree, name)
