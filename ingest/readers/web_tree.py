"""Readies a web page for trafilatura, which judges by names and styles what is no text, and so loses text that is seen.

It takes "overflow: hidden" for hidden, a warning of class "message" for a notice about cookies, text that stands in a
<div> without a paragraph for none, and a paragraph or heading that is a link, or holds a mark that others lead to, for
a menu.
"""

import re
from collections.abc import Iterator

from ingest.readers.xml import Element, local_name, unwrap

_MAIN = ("article", "main")
_AROUND = ("nav", "footer")
_UNSEEN = ("template",)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARTS_OF_TABLES = ("thead", "tbody", "tfoot", "tr", "td", "th", "caption")
_LINES = frozenset(("body", "div", "section", "article", "main", "center", "address", "figcaption"))
_BLOCKS = _LINES | frozenset(
    ("p", "ul", "ol", "dl", "li", "dt", "dd", "table", *_PARTS_OF_TABLES, "pre")
    + ("blockquote", "figure", "form", "fieldset", "header", "footer", "nav", "aside", "details", "summary", "hr")
    + (*_HEADINGS, "head", "script", "style", "noscript", "iframe", "button", "select")
)
_OF_OTHERS = re.compile(  # what names of classes say of boxes that are no text of the page
    r"comment|share|social|related|newsletter|subscri|cookie|sidebar|breadcrumb|menu|\bnav|footer|banner|promo|advert",
    re.IGNORECASE,
)
_SECTION = re.compile(r"(?:^|[\s-])(?:(?:sub)*section|chapter|sect\d|level\d)\b", re.IGNORECASE)  # classes of parts
_MISTAKEN = re.compile(r"message|hide-|noprint|caption", re.IGNORECASE)  # classes of text that trafilatura leaves out
_WORD = re.compile(r"[^\W_]")
_NUMBERED = re.compile(r"^\d+\.[\d.]*\s+")  # 3.1.3 before a heading; not the 2 of "2 comments"
_TAKEN = "taken"  # the tag of links whose words alone are read
_PART = 60  # characters of a cell beside its headings that make it a part of a text
_LINKED = 0.5  # share of a text in links, above which it is a menu


def ready(tree: Element) -> None:
    """Changes the tree; what a browser hides is settled before (see unshown.py), for styles are gone after it."""
    for element in list(tree.iter(*_AROUND, *_UNSEEN)):
        element.drop_tree()
    _set_boxes(tree)
    _forget_sections(tree)
    for element in tree.iter():
        if local_name(element):
            _strip(element)
    for element in list(tree.iter(*_LINES)):
        _set_paragraphs(element)
    _settle_links(tree)


def _set_boxes(tree: Element) -> None:
    for element in list(tree.iter("aside")):
        if _is_menu(element) or not _is_in_main(element):
            element.drop_tree()
        else:
            element.tag = "div"
    for element in tree.iter("figure"):
        element.tag = "div"
    for table in list(tree.iter("table")):
        parts = list(_parts(table))
        if any(_has_text_under_heading(part) for part in parts if local_name(part) == "td"):
            for part in (table, *parts):
                part.tag = "div"


def _settle_links(tree: Element) -> None:
    """Makes plain words of the links in the main text and in headings; signs by which others link to a heading go."""
    for link in list(tree.iter("a")):
        if _is_sign(link):
            link.drop_tree()
        elif _is_a_place(link) or (_is_in_main(link) and next(link.iterancestors("p", *_HEADINGS), None) is not None):
            link.tag = _TAKEN
    unwrap(tree, _TAKEN)


def _parts(table: Element) -> Iterator[Element]:
    """The rows and cells of a table, without those of tables inside it."""
    for child in table:
        if local_name(child) in _PARTS_OF_TABLES:
            yield child
            yield from _parts(child)


def _has_text_under_heading(cell: Element) -> bool:
    """Whether a cell holds a part of a text: such a table only places the parts of a page."""
    headings = ["".join(heading.itertext()) for heading in cell.iter(*_HEADINGS)]
    return bool(headings) and len("".join(cell.itertext())) >= _PART + sum(map(len, headings))


def _strip(element: Element) -> None:
    """Takes what trafilatura would judge an element by; in a page that marks no main text it needs names to find it."""
    element.attrib.pop("style", None)
    names = f"{element.get('class', '')} {element.get('id', '')}"
    if not _OF_OTHERS.search(names) and (_is_in_main(element) or _MISTAKEN.search(names)):
        element.attrib.pop("class", None)
        element.attrib.pop("id", None)


def _forget_sections(tree: Element) -> None:
    """Takes the ids that are made of headings, as "comments" and "related-commands" are: they name no boxes.

    In a page that has such an id for no other heading they do: readers may comment on it.
    """
    for heading in tree.iter(*_HEADINGS):
        heading.attrib.pop("id", None)
    sections = [element for element in tree.iter(*_LINES) if _is_section(element)]
    if any(not _OF_OTHERS.search(element.get("id")) for element in sections):
        for element in sections:
            element.attrib.pop("id")


def _is_section(element: Element) -> bool:
    """Whether it is a part of the text with an id that is made of its heading."""
    name, names = element.get("id", ""), element.get("class", "")
    heading = next(element.iter(*_HEADINGS), None) if name and not _OF_OTHERS.search(names) else None
    if heading is None:
        return False
    is_linked = any(link.get("href") == f"#{name}" for link in heading.iter("a"))
    is_part = is_linked or local_name(element) == "section" or name[0].isupper() or _SECTION.search(names)
    told = _NUMBERED.sub("", "".join(heading.itertext()).strip())
    return bool(is_part) and _slug(told) == _slug(name)


def _slug(text: str) -> str:
    return "".join(_WORD.findall(text)).casefold()


def _is_in_main(element: Element) -> bool:
    return next(element.iterancestors(*_MAIN), None) is not None


def _is_sign(link: Element) -> bool:
    """Whether it is a sign beside a heading ("¶", "#") by which others link to it; drawn ones are no characters."""
    is_of_heading = next(link.iterancestors(*_HEADINGS), None) is not None
    text = "".join(link.itertext()).strip()
    return is_of_heading and link.get("href", "").startswith("#") and bool(text) and not _WORD.search(text)


def _is_a_place(link: Element) -> bool:
    """Whether it is of a heading, and leads nowhere, for others lead to it, or to the heading itself."""
    address = link.get("href", "")
    return (not address or address.startswith("#")) and next(link.iterancestors(*_HEADINGS), None) is not None


def _is_menu(element: Element) -> bool:
    linked = sum(len("".join(link.itertext()).strip()) for link in element.iter("a"))
    return linked > _LINKED * len(" ".join("".join(element.itertext()).split()))


def _set_paragraphs(element: Element) -> None:
    """Text that stands in an element beside its blocks becomes paragraphs; menus stay as they are."""
    if _is_menu(element):
        return
    paragraph = element.makeelement("p", {})
    paragraph.text, element.text = element.text, None
    made = [paragraph]
    for child in list(element):
        element.remove(child)
        if _is_block(child):
            after = element.makeelement("p", {})
            after.text, child.tail = child.tail, None
            made += [child, after]
        else:
            made[-1].append(child)
    element.extend(one for one in made if one.tag != "p" or len(one) or (one.text or "").strip())
    if local_name(element) not in ("body", "article", "main"):
        element.tag = "div"


def _is_block(element: Element) -> bool:
    name = local_name(element)
    return name in _BLOCKS or any(local_name(inner) in _BLOCKS for inner in element.iterdescendants())
