"""Readies a web page for trafilatura, which judges by names and styles what is no text, and so loses text that is seen.

It takes "overflow: hidden" for hidden, a warning of class "message" for a notice about cookies, text that stands in a
<div> without a paragraph for none, and a paragraph that is a link for a menu.
"""

import re

from ingest.readers.xml import Element, local_name

_MAIN = ("article", "main")
_AROUND = ("nav", "footer")
_UNSEEN = ("template",)
_LINES = frozenset(("body", "div", "section", "article", "main", "center", "address", "figcaption"))
_BLOCKS = _LINES | frozenset(
    ("p", "ul", "ol", "dl", "li", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "pre")
    + ("blockquote", "figure", "form", "fieldset", "header", "footer", "nav", "aside", "details", "summary", "hr")
    + ("h1", "h2", "h3", "h4", "h5", "h6", "head", "script", "style", "noscript", "iframe", "button", "select")
)
_OF_OTHERS = re.compile(  # what names of classes say of boxes that are no text of the page
    r"comment|share|social|related|newsletter|subscri|cookie|sidebar|breadcrumb|menu|\bnav|footer|banner|promo|advert",
    re.IGNORECASE,
)
_MISTAKEN = re.compile(r"message|hide-|noprint|caption", re.IGNORECASE)  # classes of text that trafilatura leaves out
_LINKED = 0.5  # share of a text in links, above which it is a menu


def ready(tree: Element) -> None:
    """Changes the tree; what a browser hides is settled before (see unshown.py), for styles are gone after it."""
    for name in (*_AROUND, *_UNSEEN):
        for element in list(tree.iter(name)):
            element.drop_tree()
    for element in list(tree.iter("aside")):
        if _is_menu(element) or not _is_in_main(element):
            element.drop_tree()
        else:
            element.tag = "div"
    for element in tree.iter("figure"):
        element.tag = "div"
    for element in tree.iter():
        if local_name(element):
            _strip(element)
    for element in list(tree.iter(*_LINES)):
        _set_paragraphs(element)
    for link in [link for paragraph in tree.iter("p") if _is_in_main(paragraph) for link in paragraph.iter("a")]:
        link.drop_tag()


def _strip(element: Element) -> None:
    """Takes what trafilatura would judge an element by; in a page that marks no main text it needs names to find it."""
    element.attrib.pop("style", None)
    names = f"{element.get('class', '')} {element.get('id', '')}"
    if not _OF_OTHERS.search(names) and (_is_in_main(element) or _MISTAKEN.search(names)):
        element.attrib.pop("class", None)
        element.attrib.pop("id", None)


def _is_in_main(element: Element) -> bool:
    return next(element.iterancestors(*_MAIN), None) is not None


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
