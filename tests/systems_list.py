"""The list of what has to hold: its files, the names in it, and whether it is complete."""

import json
import re
import tomllib
from pathlib import Path

from systems_query import NotSaid, compiled

import jmespath

FOLDER = Path(__file__).parent / "systems"
ROOT = FOLDER.parent.parent
ACCOUNT = "123456789012"
ROW = {"says", "ask", "tested_by", "cannot"}
ASK = {
    "call", "with", "each", "bind", "hold", "has", "tags", "name", "only", "strict", "not_yet",
}
NAME = re.compile(r"\{\{|\}\}|\{([a-z_][a-z0-9_]*)\}")


class ListError(Exception):
    """The list is wrong, whatever the emulator says."""


def filled(value, names, lenient=False):
    """A value with names in place of `{name}`; a text that is nothing else becomes what it names."""
    if isinstance(value, dict):
        return {filled(key, names): filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    if not isinstance(value, str):
        return value

    def known(match):
        name = match[1]
        if name is None:
            return match[0][0]
        if name in names:
            return names[name]
        if lenient:
            return match[0]
        raise NotSaid(f"{name} was not found")

    whole = NAME.fullmatch(value)
    if whole and whole[1]:
        return known(whole)

    def text(match):
        found = known(match)
        return found if isinstance(found, str) else json.dumps(found)

    return NAME.sub(text, value)


def strings(value):
    """Every text in a value."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    else:
        yield str(value)


def bound(rows):
    """The names that rows give, and those that stand for several (`{n}` in a name)."""
    names = {"s", "acct", "r", "stack"}
    for ask in asks(rows):
        sets = ask.get("each", [])
        sets = [] if isinstance(sets, str) else sets
        for one in sets:
            names.update(one)
        for name in ask.get("bind", {}):
            names.update(filled(name, one) for one in sets or [{}])
        # What the answer is cut into: names for each of a list that was found.
        for query in ask.get("bind", {}).values():
            names.update(re.findall(r"([a-z_][a-z0-9_]*): ", query))
    return names


def asks(rows):
    for row in rows:
        yield from row.get("ask", [])


def check_row(row, where):
    """The form of a row."""
    if set(row) - ROW or "says" not in row:
        raise ListError(f"{where}: a row has {sorted(ROW)}, not {sorted(row)}")
    if not ({"ask", "tested_by", "cannot"} & set(row)):
        raise ListError(f"{where}: nothing shows that {row['says']!r}")
    for ask in row.get("ask", []):
        if set(ask) - ASK or "call" not in ask:
            raise ListError(f"{where}: unknown {sorted(set(ask) - ASK)} in {ask}")
        if "not_yet" in ask and {"bind", "tags"} & set(ask):
            raise ListError(f"{where}: what is not there yet gives no names and has no tags: {ask}")
        if not ({"hold", "has", "tags", "bind", "strict"} & set(ask)):
            raise ListError(f"{where}: {ask['call']} is asked for nothing")
        for part in ("hold", "has", "bind", "strict"):
            for query in ask.get(part, {}):
                query = ask["bind"][query] if part == "bind" else query
                try:
                    compiled(NAME.sub("0", query))
                except jmespath.exceptions.JMESPathError as error:
                    raise ListError(f"{where}: {query}: {error}") from error
    for test in row.get("tested_by", []):
        path, _, name = test.partition("::")
        file = ROOT / path
        if not file.is_file() or f"fn {name}(" not in file.read_text(encoding="utf-8"):
            raise ListError(f"{where}: there is no test {test}")


def expanded(rows):
    """Every text of every question, as it stands and for each of what it is asked for."""
    for ask in asks(rows):
        sets = ask.get("each", [])
        for one in [{}] if isinstance(sets, str) else [{}, *sets]:
            yield from (str(filled(text, one, lenient=True)) for text in strings(ask))


def check_complete(rows):
    """Every name that a row says in backquotes is asked for, by some row."""
    asked = "\n".join(expanded(rows))
    for row in rows:
        if "ask" not in row:
            continue
        for word in " ".join(re.findall(r"`([^`]+)`", row["says"])).split():
            if re.sub(r"\{1\.\.\d\}", "{n}", word) not in asked:
                raise ListError(f"{word} is said and not asked for: {row['says']}")


def check_names(rows):
    """Every `{name}` is one that some row gives."""
    names = bound(rows)
    for ask in asks(rows):
        for text in strings(ask):
            for name in NAME.findall(text):
                if name and name not in names:
                    raise ListError(f"nothing gives {name}: {text}")


def of_stack(stack):
    """The files of a stack, and then that of all stacks."""
    parts = sorted(FOLDER.glob(f"{stack}*.toml"), key=lambda path: path.stem)
    if not parts:
        raise ListError(f"there is no list of {stack}")
    return [*parts, FOLDER / "all.toml"]


def load(files):
    """The rows of files, in their order."""
    rows = []
    for path in map(Path, files):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in file["row"]:
            check_row(row, path.name)
        rows += file["row"]
    check_names(rows)
    check_complete(rows)
    return rows
