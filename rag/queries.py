"""What a SELECT asks for, read from the tree that DuckDB makes of it. Pure functions; rag/sql.py runs it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag.errors import FootnoteError

ROW = "_row"  # column of every table: the number of the row in its sheet
_Tree = dict[str, Any]
_TABLES = ("BASE_TABLE", "JOIN", "SUBQUERY", "EMPTY")
_NODES = ("SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE")
_AGGREGATES = ("sum", "avg", "mean", "median", "min", "max", "count", "count_star", "any_value", "mode")
# Others can be made to take hours: range, unnest, repeat.
_FUNCTIONS = frozenset(
    name
    for line in (
        "sum avg mean median min max count count_star any_value mode first last stddev stddev_samp variance string_agg",
        "arg_max arg_min max_by min_by quantile_cont quantile_disc row_number rank dense_rank lag lead ntile",
        "round abs floor ceil ceiling power sqrt greatest least coalesce nullif ifnull + - * / // % and or not",
        "lower upper trim ltrim rtrim length substr substring left right replace concat || contains starts_with prefix",
        "ends_with suffix strip_accents regexp_matches ~~ !~~ ~~* !~~* like_escape ilike_escape",
        "year month day quarter week dayofweek weekday isodow date_part datepart date_trunc datetrunc strftime",
        "strptime monthname dayname date_diff datediff date_add date_sub make_date last_day to_days to_months to_years",
        "current_date today hour minute epoch trunc",
    )
    for name in line.split()
)
_WRAPPERS = ("round", "coalesce", "lower", "upper", "trim", "strip_accents")  # what is in them is meant
_COMPARISONS = {
    "COMPARE_EQUAL": "=",
    "COMPARE_NOTEQUAL": "≠",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHANOREQUALTO": "≤",
    "COMPARE_GREATERTHANOREQUALTO": "≥",
}


class QueryError(FootnoteError):
    """A query that is not run, or that failed; the message is told to whoever wrote it."""


@dataclass(frozen=True)
class Item:
    """A column of the result.

    Attributes:
        function: "sum", "avg", "count" and so on, "" for a column as it is, "?" for anything else.
        column: that is meant, "" where it is none or several.
        is_distinct: whether equal values count once.
    """

    function: str
    column: str
    is_distinct: bool = False


@dataclass(frozen=True)
class Condition:
    """A comparison that every row of the result fulfils; `operator` as it is shown to a person, or "in" of several."""

    column: str
    operator: str
    value: str


@dataclass(frozen=True)
class Query:
    """A checked SELECT.

    Attributes:
        tables: it reads from.
        columns: it names, of whichever table.
        conditions: all that limit the rows; None where they cannot be told as comparisons.
        texts: words that it compares with.
        functions: it calls.
        first_by: the column of the result in whose order its one row is the first ("ORDER BY … LIMIT 1"); None where
            there is none.
        with_order: the same with that by which its one row is the first as a further column, where none shows it.
        is_shared: whether its rows are those that share the first place.
        of_rows: SQL for the numbers of the rows that it looks at; "" where they are not those of one table.
    """

    sql: str
    tables: tuple[str, ...]
    columns: frozenset[str]
    items: tuple[Item, ...]
    conditions: tuple[Condition, ...] | None
    texts: tuple[str, ...]
    functions: frozenset[str]
    is_ordered: bool
    is_grouped: bool
    first_by: int | None
    of_rows: _Tree | None
    with_order: _Tree | None = None
    is_shared: bool = False


def read(sql: str, tree: _Tree, tables: frozenset[str]) -> Query:
    """What a query asks for.

    Args:
        tree: as DuckDB serializes it.
        tables: that it may read from.

    Raises:
        QueryError: it is no single SELECT over these tables.
    """
    if tree.get("error"):
        raise QueryError(str(tree.get("error_message", "it cannot be read")))
    if len(tree["statements"]) != 1:
        raise QueryError("Write one SELECT only.")
    node = tree["statements"][0]["node"]
    used = _tables(node, tables)
    functions = frozenset(str(one["function_name"]).lower() for one in _of_class(node, "FUNCTION"))
    functions |= {str(one["function_name"]).lower() for one in _of_class(node, "WINDOW") if "function_name" in one}
    if unknown := sorted(functions - _FUNCTIONS):
        raise QueryError(f"Do not use the function {unknown[0]}.")
    columns = frozenset(str(one["column_names"][-1]).lower() for one in _of_class(node, "COLUMN_REF"))
    where = node.get("where_clause")
    return Query(
        sql=sql,
        tables=used,
        columns=columns,
        items=tuple(map(_item, node.get("select_list", ()))),
        conditions=_conditions(where) if node["type"] == "SELECT_NODE" else None,
        texts=tuple(_texts(node)),
        functions=functions,
        is_grouped=any(one.get("group_expressions") for one in _walk(node)),
        is_ordered=any(one["type"] == "ORDER_MODIFIER" for one in node.get("modifiers", ())),
        first_by=_first_by(node),
        of_rows=_of_rows(tree) if len(used) == 1 else None,
        with_order=_with_order(tree),
    )


def _walk(node: Any) -> Iterator[_Tree]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _walk(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _walk(inner)


def _of_class(node: Any, name: str) -> Iterator[_Tree]:
    return (one for one in _walk(node) if one.get("class") == name)


def _tables(node: _Tree, known: frozenset[str]) -> tuple[str, ...]:
    """The tables read from; anything else that can stand in their place is refused."""
    own = {str(entry["key"]).lower() for one in _walk(node) for entry in one.get("cte_map", {}).get("map", ())}
    used: dict[str, None] = {}
    for one in _walk(node):
        if "select_list" in one and one["type"] not in _NODES:
            raise QueryError("Write one SELECT only.")
        if str(one.get("type")) in ("RECURSIVE_CTE_NODE", "STATEMENT_NODE"):
            raise QueryError("Write a plain SELECT.")
        sources = [one["from_table"]] if isinstance(one.get("from_table"), dict) else []
        sources += [one["left"], one["right"]] if one.get("type") == "JOIN" else []
        for source in sources:
            if source["type"] not in _TABLES:
                raise QueryError("Read from the tables only, without functions in FROM.")
            if source["type"] == "BASE_TABLE":
                name = str(source["table_name"]).lower()
                if source.get("schema_name") or source.get("catalog_name") or name not in known | own:
                    raise QueryError(f"There is no table {name}. There are: {', '.join(sorted(known))}.")
                used.update({name: None} if name in known else {})
    if not used:
        raise QueryError("Read from one of the tables.")
    return tuple(used)


def _item(expression: _Tree) -> Item:
    inner = _unwrapped(expression)
    if inner["class"] == "COLUMN_REF":
        return Item("", str(inner["column_names"][-1]).lower())
    if inner["class"] != "FUNCTION":
        return Item("?", "")
    name = str(inner["function_name"]).lower()
    columns = {str(one["column_names"][-1]).lower() for one in _of_class(_arguments(inner), "COLUMN_REF")}
    arguments = list(map(_unwrapped, _arguments(inner)))
    is_plain = name in _AGGREGATES and all(argument["class"] in ("COLUMN_REF", "STAR") for argument in arguments)
    if not is_plain or inner.get("filter"):
        return Item("?", "")
    return Item(name.replace("mean", "avg"), next(iter(columns), ""), bool(inner.get("distinct")))


def _arguments(function: _Tree) -> list[_Tree]:
    """Those of a call, as DuckDB 2 or as DuckDB 1 writes them."""
    if "arguments" in function:
        return [argument["expression"] for argument in function["arguments"]]
    return list(function.get("children", ()))


def _literal(constant: _Tree) -> tuple[str, str]:
    """Kind and text of a constant, as DuckDB 2 or as DuckDB 1 writes them."""
    if literal := constant.get("literal"):
        return str(literal.get("kind", "")), str(literal.get("text", ""))
    value = constant.get("value") or {}
    return str(value.get("type", {}).get("id", "")), str(value.get("value", ""))


def _unwrapped(expression: _Tree) -> _Tree:
    """Without casts, rounding and the like."""
    if expression["class"] == "CAST":
        return _unwrapped(expression["child"])
    if expression["class"] == "FUNCTION" and expression["function_name"] in _WRAPPERS and _arguments(expression):
        return _unwrapped(_arguments(expression)[0])
    return expression


def _conditions(where: _Tree | None) -> tuple[Condition, ...] | None:
    if where is None:
        return ()
    if where["type"] == "CONJUNCTION_AND":
        parts = [_conditions(child) for child in where["children"]]
        return None if None in parts else tuple(one for part in parts if part for one in part)
    if where["type"] in _COMPARISONS:
        return _comparison(_COMPARISONS[where["type"]], where["left"], where["right"])
    if where["type"] == "COMPARE_BETWEEN":
        low, high = _comparison("≥", where["input"], where["lower"]), _comparison("≤", where["input"], where["upper"])
        return (*low, *high) if low and high else None
    if where["type"] in ("COMPARE_IN", "CONJUNCTION_OR"):
        return _one_of(where)
    if where["class"] == "FUNCTION" and where["function_name"] in ("~~", "~~*", "contains"):
        left, right = _arguments(where)
        return _comparison("~", left, right)
    return None


def _one_of(where: _Tree) -> tuple[Condition, ...] | None:
    """A column that is one of several values, however that is written."""
    first, *others = where["children"]
    if where["type"] == "COMPARE_IN":
        found = [_comparison("in", first, other) for other in others]
    else:
        found = [_conditions(child) for child in where["children"]]
    alike = [parts[0] for parts in found if parts and len(parts) == 1 and parts[0].operator in ("=", "in")]
    columns = {one.column for one in alike}
    if len(alike) < len(found) or len(columns) != 1:
        return None
    return (Condition(columns.pop(), "in", ", ".join(one.value for one in alike)),)


def _comparison(operator: str, left: _Tree, right: _Tree) -> tuple[Condition, ...] | None:
    column, value = _unwrapped(left), _unwrapped(right)
    if column["class"] != "COLUMN_REF" or value["class"] != "CONSTANT":
        return None
    text = _literal(value)[1]
    return (Condition(str(column["column_names"][-1]).lower(), operator, text.strip("%") if operator == "~" else text),)


def _order_of_first(node: _Tree) -> _Tree | None:
    """What a query orders by that takes the first row alone."""
    modifiers = {one["type"]: one for one in node.get("modifiers", ())}
    limit, order = modifiers.get("LIMIT_MODIFIER"), modifiers.get("ORDER_MODIFIER")
    if not order or not limit or limit["offset"] or not limit["limit"] or _literal(limit["limit"])[1] != "1":
        return None
    by: _Tree = order["orders"][0]["expression"]
    return by


def _first_by(node: _Tree) -> int | None:
    by, items = _order_of_first(node), node.get("select_list", [])
    if by is None:
        return None
    if by["class"] == "CONSTANT":
        return int(_literal(by)[1]) - 1
    named = [str(item["alias"]).lower() for item in items]
    if by["class"] == "COLUMN_REF" and str(by["column_names"][-1]).lower() in named:
        return named.index(str(by["column_names"][-1]).lower())
    return next((place for place, item in enumerate(items) if _meant(item) == _meant(by)), None)


def _with_order(tree: _Tree) -> _Tree | None:
    changed = copy.deepcopy(tree)
    node = changed["statements"][0]["node"]
    by = _order_of_first(node)
    is_distinct = any(one["type"] == "DISTINCT_MODIFIER" for one in node.get("modifiers", ()))
    if by is None or _first_by(node) is not None or is_distinct or node["type"] != "SELECT_NODE":
        return None
    if any(item["class"] == "STAR" for item in node["select_list"]):
        return None
    node["select_list"].append(copy.deepcopy(by))
    return changed


def _meant(tree: Any) -> Any:
    """A tree without its places in the text and its alias, so that two of the same meaning are equal."""
    if isinstance(tree, dict):
        return {key: _meant(value) for key, value in tree.items() if key != "alias" and "query_location" not in key}
    return [_meant(one) for one in tree] if isinstance(tree, list) else tree


def _texts(node: _Tree) -> Iterator[str]:
    for one in _of_class(node, "CONSTANT"):
        kind, text = _literal(one)
        if kind in ("STRING", "VARCHAR"):
            yield text.strip("%")


def _of_rows(tree: _Tree) -> _Tree | None:
    """The query for the numbers of the rows that another one looks at; those of the result where they are rows."""
    changed = copy.deepcopy(tree)
    node = changed["statements"][0]["node"]
    if node["type"] != "SELECT_NODE" or node["cte_map"]["map"] or node["from_table"]["type"] != "BASE_TABLE":
        return None
    is_calculated = bool(node["group_expressions"]) or any(
        str(one["function_name"]).lower() in _AGGREGATES for one in _of_class(node["select_list"], "FUNCTION")
    )
    if is_calculated or any(one["type"] == "DISTINCT_MODIFIER" for one in node["modifiers"]):
        node["modifiers"] = []
    node |= {"group_expressions": [], "group_sets": [], "having": None, "qualify": None}
    column = {"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": [ROW]}
    node["select_list"] = [column]
    return changed
