"""XML of any kind (articles, patents, manuals, feeds, data): its text, with what is called a title as a heading."""

import re
from collections.abc import Iterator, Sequence

from ingest.readers.blocks import Block, page_of, row
from ingest.readers.hypertext import read_hypertext
from ingest.readers.source import Content, Source
from ingest.readers.xml import Element, local_name, parse_xml, unread_entities
from rag.errors import UnreadableDocument

_TITLES = frozenset(("title", "article-title", "invention-title", "title-of-invention", "head", "heading", "subtitle"))
_PARAGRAPHS = frozenset(("p", "para", "paragraph", "simpara", "text", "description", "abstract", "line", "l"))
_ITEMS = frozenset(("listitem", "list-item", "item", "li"))
_ROWS = frozenset(("tr", "row"))
_LEFT_OUT = frozenset(("script", "style", "math", "processing-meta", "svg"))
_NAMED = 5  # entities that are named
_REFERENCE = re.compile(r"&[^\s&;]+;")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")


def read_tree(source: Source) -> Content:
    """One page without a number. Elements of one value among others are items that name it ("- year: 2019").

    Raises:
        UnreadableDocument: it is not XML, or all its text is in entities.
    """
    remedy = "Mend it, or rename it to .txt to have it read as a plain text."
    damaged = UnreadableDocument(source.name, "it is damaged or not XML", remedy)
    root = parse_xml(source.data, damaged)
    entities = unread_entities(source.data)
    gaps = (f"not read, for safety: {_entities(entities)}",) if entities else ()
    if local_name(root) == "html":
        return Content("", (read_hypertext(source),), gaps)
    try:
        page = page_of(_blocks(root, 1))
    except RecursionError as exc:
        raise damaged from exc
    if entities and not _REFERENCE.sub("", page.text).strip():
        reason = f"it holds no text but {_entities(entities)}, which are not read for safety"
        remedy = "Write in it what each stands for, or save it with its entities resolved, and add that."
        raise UnreadableDocument(source.name, reason, remedy)
    return Content(page.headings[0].text if page.headings else "", (page,), gaps)


def _entities(names: Sequence[str]) -> str:
    named = ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")
    return f"the entities that it declares ({named})"


def _blocks(element: Element, level: int) -> Iterator[Block]:
    children = [child for child in element if local_name(child) and local_name(child) not in _LEFT_OUT]
    has_title = any(local_name(child) in _TITLES for child in children)
    after_value = False
    for child in children:
        name = local_name(child)
        is_value = _is_leaf(child) and name not in _PARAGRAPHS | _TITLES | _ITEMS
        if name in _TITLES and _flow(child):
            yield Block(_flow(child), level=level)
        elif name in _ROWS:
            yield Block(row(_flow(cell) for cell in child), tight=True)
        elif is_value:
            text = _flow(child)
            yield Block(f"- {name}: {text}" if text else "", tight=after_value)
        elif _is_leaf(child) or _is_mixed(child):
            yield Block(f"- {_flow(child)}" if name in _ITEMS and _flow(child) else _flow(child))
        else:
            yield from _blocks(child, level + 1 if has_title else level)
        after_value = is_value


def _is_leaf(element: Element) -> bool:
    return not len(element)


def _is_mixed(element: Element) -> bool:
    """Whether it holds text beside its elements, as a paragraph with an emphasised word."""
    texts = [element.text, *(child.tail for child in element)]
    return any(text and text.strip() for text in texts)


def _flow(element: Element) -> str:
    """All its text in one line; markup that is hidden in it as text, as feeds do, is taken out."""
    return " ".join(_TAG.sub(" ", "".join(_texts(element))).split())


def _texts(element: Element) -> Iterator[str]:
    """Elements stand apart, but for those in the midst of a text."""
    apart = "" if _is_mixed(element) else " "
    yield element.text or ""
    for child in element:
        if local_name(child) not in _LEFT_OUT:
            yield from _texts(child) if local_name(child) else [child.text or ""]
        yield apart + (child.tail or "")
