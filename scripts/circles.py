#!/usr/bin/env python3
"""Finds files of a crate that need each other, directly or around several; exits with 1 if any do.

Whoever reads one of them has to read all. A file needs another when it names something that is
defined there, through whichever module that is exported. Not counted: `mod` and `pub use`, by which
a parent only shows its children; tests; methods, as a call does not say where they are defined.

    scripts/circles.py [CRATE …]    the folders of crates, by default those of the product and its handlers
    scripts/circles.py --needs FILE what a file needs, and why
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOKEN = re.compile(
    r"""
    (?P<blank>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<text>(?:b|c)?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\]|\\[^u]|\\u\{[0-9a-fA-F_]+\}|\\x[0-9a-fA-F]{2})')
  | (?P<raw>(?:b|c)?r(?P<hashes>\#*)".*?"(?P=hashes))
  | (?P<lifetime>'[A-Za-z_]\w*)
  | (?P<word>(?:r\#)?[A-Za-z_]\w*)
  | (?P<number>\d[\w.]*?(?=\.\.|[^\w.]|\.[A-Za-z_]|$))
  | (?P<mark>::|->|=>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
CLOSING = {"(": ")", "[": "]", "{": "}"}
DEFINES = {"fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"}
BEFORE_FN = {"async", "unsafe", "extern", "default", "const"}


class Token(str):
    """A word or mark of a file, and its line."""

    line = 0


def tokens(text):
    found, line = [], 1
    for match in TOKEN.finditer(text):
        if match.lastgroup in {"word", "mark"}:
            token = Token(match.group().removeprefix("r#"))
            token.line = line
            found.append(token)
        line += match.group().count("\n")
    return found


def after_group(all_of_it, start):
    """Where the group that opens at `start` has ended."""
    depth = 0
    for at in range(start, len(all_of_it)):
        if all_of_it[at] in CLOSING:
            depth += 1
        elif all_of_it[at] in CLOSING.values():
            depth -= 1
            if depth == 0:
                return at + 1
    return len(all_of_it)


class Module:
    def __init__(self, path, file, parent):
        self.path, self.file, self.parent = path, file, parent
        self.children, self.items = {}, set()
        # What `use` brings in: name → (path, line, whether it is shown to others).
        self.uses, self.globs = {}, []
        # Each path that is named in it, with its line.
        self.named = []


class Crate:
    """The modules of one target, read from its root."""

    def __init__(self, root):
        self.folder = root.parent
        self.root = Module((), root, None)
        self.macros = {}
        self.modules = []
        self.read(self.root, self.folder)

    def read(self, module, folder):
        module.folder = folder
        self.modules.append(module)
        self.items(module, tokens(module.file.read_text(encoding="utf-8")))

    def items(self, module, code):
        at = 0
        while at < len(code):
            at = self.item(module, code, at)

    def item(self, module, code, at):
        attributes = []
        while code[at : at + 1] == ["#"]:
            start = at + 2 if code[at + 1 : at + 2] == ["!"] else at + 1
            at, begin = after_group(code, start), at
            attributes.append(code[begin:at])
        tested = any(text[2:6] == ["cfg", "(", "test", ")"] for text in attributes)
        for attribute in attributes:
            if not tested:
                self.body(module, attribute)
        shown = code[at : at + 1] == ["pub"]
        if shown:
            at += 1
            if code[at : at + 1] == ["("]:
                at = after_group(code, at)
        if at >= len(code):
            return at
        head, start = at, at
        while code[at] in BEFORE_FN and code[at + 1 : at + 2] and (
            code[at + 1] in BEFORE_FN | {"fn", "impl", "trait"}
        ):
            at += 1
        word = code[at]
        name = code[at + 1] if at + 1 < len(code) else ""
        if word == "use":
            end = self.end(code, at)
            if not tested:
                self.use(module, code[at + 1 : end - 1], (), shown)
            return end
        if word == "mod":
            return self.mod(module, code, at, tested)
        if word == "macro_rules":
            name = code[at + 2]
            if not tested:
                self.macros[name] = module
        if word in DEFINES and not tested:
            module.items.add(name)
        end = self.end(code, at)
        if not tested:
            self.body(module, code[head:end])
        return max(end, start + 1)

    @staticmethod
    def end(code, at):
        """Where the item that begins at `at` has ended."""
        valued = code[at] in {"use", "const", "static", "type"} and code[at + 1 : at + 2] != ["fn"]
        while at < len(code):
            if code[at] == ";":
                return at + 1
            if code[at] in CLOSING:
                brace = code[at] == "{"
                at = after_group(code, at)
                if brace and not valued:
                    return at
            else:
                at += 1
        return at

    def mod(self, module, code, at, tested):
        name = code[at + 1]
        if code[at + 2] == ";":
            if not tested:
                folder = module.folder
                own, nested = folder / f"{name}.rs", folder / name / "mod.rs"
                file = own if own.exists() else nested
                child = Module((*module.path, name), file, module)
                module.children[name] = child
                self.read(child, folder / name)
            return at + 3
        end = after_group(code, at + 2)
        if not tested:
            child = Module((*module.path, name), module.file, module)
            child.folder = module.folder / name
            module.children[name] = child
            self.modules.append(child)
            self.items(child, code[at + 3 : end - 1])
        return end

    def use(self, module, tree, before, shown):
        """One tree of a `use`, without the word and the semicolon."""
        path, at = list(before), 0
        while at < len(tree):
            word = tree[at]
            if word == "::":
                at += 1
            elif word == "{":
                begin, depth = at + 1, 0
                for inner in range(at, len(tree)):
                    depth += (tree[inner] == "{") - (tree[inner] == "}")
                    if depth == 0 or (depth == 1 and tree[inner] == ","):
                        if inner > begin:
                            self.use(module, tree[begin:inner], path, shown)
                        begin = inner + 1
                return
            elif word == "*":
                module.globs.append((tuple(path), word.line))
                return
            elif word == "as":
                self.bring(module, path, tree[at + 1], shown)
                return
            else:
                path.append(word)
                at += 1
        self.bring(module, path, path[-1], shown)

    @staticmethod
    def bring(module, path, name, shown):
        line = path[-1].line
        if path[-1] == "self":
            path, name = path[:-1], path[-2] if name == "self" else name
        if name == "_":
            name = f"_ {len(module.uses)}"
        module.uses[name] = (tuple(path), line, shown)

    def body(self, module, code):
        at = 0
        while at < len(code):
            word = code[at]
            if word == "use" and code[at - 1 : at] != ["."]:
                end = self.end(code, at)
                self.use(module, code[at + 1 : end - 1], (), False)
                at = end
                continue
            if not re.match(r"[A-Za-z_]", word):
                at += 1
                continue
            path, begin = [word], at
            while code[at + 1 : at + 2] == ["::"] and re.match(
                r"[A-Za-z_]", code[at + 2] if at + 2 < len(code) else ""
            ):
                path.append(code[at + 2])
                at += 2
            at += 1
            # A method or field, or the rest of a path behind a type's parameters.
            if begin and code[begin - 1] in {".", "::"}:
                continue
            if code[at : at + 1] == ["!"] and len(path) == 1 and word in self.macros:
                path = [word, "!"]
            module.named.append((tuple(path), word.line))

    def defined(self, module, path, seen=()):
        """The module that defines what `path` names within `module`; None where that is no part of
        the crate, or a module itself."""
        if len(path) == 2 and path[1] == "!":
            return self.macros[path[0]]
        first, rest = path[0], list(path)
        if first == "crate":
            here, rest = self.root, rest[1:]
        elif first in {"self", "super"}:
            here = module
            while rest and rest[0] in {"self", "super"}:
                here = here.parent if rest[0] == "super" and here else here
                rest = rest[1:]
        elif (
            first in module.children or first in module.uses or first in module.items
            or self.globbed(module, first, seen)
        ):
            here = module
        else:
            return None
        for nth, name in enumerate(rest):
            if here is None:
                return None
            if name in here.children:
                here = here.children[name]
                continue
            if name in here.items:
                return here
            if name in here.uses:
                target, _, _ = here.uses[name]
                if (here, name) in seen or (target[0] == name and len(target) == 1):
                    return None
                return self.defined(here, (*target, *rest[nth + 1 :]), (*seen, (here, name)))
            found = self.globbed(here, name, seen)
            if found:
                return found
            if name in self.macros:
                return self.macros[name]
            # What a macro of the file defines has no word that tells.
            return here
        return None

    def globbed(self, module, name, seen):
        for target, _ in module.globs:
            if (module, target) in seen or target[0] not in {"crate", "self", "super"}:
                continue
            inner = (*seen, (module, target))
            there = self.module(module, target)
            if there and (name in there.items or name in there.uses or there.globs):
                if name in there.items:
                    return there
                if name in there.uses:
                    return self.defined(there, (name,), inner)
                found = self.globbed(there, name, inner)
                if found:
                    return found
        return None

    def module(self, module, path):
        here = module
        for word in path:
            if word == "crate":
                here = self.root
            elif word == "super":
                here = here.parent
            elif word != "self":
                here = here.children.get(word)
            if here is None:
                return None
        return here

    def needs(self):
        """What each file needs: file → file → (line, path) of the first time that it is named."""
        edges = {module.file: {} for module in self.modules}
        for module in self.modules:
            imports = [
                (path, line)
                for path, line, shown in module.uses.values()
                if not shown
            ]
            for path, line in [*imports, *module.named]:
                there = self.defined(module, path)
                if there and there.file != module.file:
                    edges[module.file].setdefault(there.file, (line, "::".join(path)))
        return edges


def circles(edges):
    """The sets of files that all need each other (Tarjan's algorithm)."""
    index, low, stack, found = {}, {}, [], []

    def visit(file):
        index[file] = low[file] = len(index)
        stack.append(file)
        for other in edges[file]:
            if other not in index:
                visit(other)
                low[file] = min(low[file], low[other])
            elif other in stack:
                low[file] = min(low[file], index[other])
        if low[file] == index[file]:
            at = stack.index(file)
            if len(stack) - at > 1:
                found.append(set(stack[at:]))
            del stack[at:]

    for file in edges:
        if file not in index:
            visit(file)
    return found


def around(edges, circle):
    """The shortest way around within a set."""
    best = None
    for start in sorted(circle):
        ways, seen = [[start]], {start}
        while ways:
            way = ways.pop(0)
            for other in edges[way[-1]]:
                if other == start and (best is None or len(way) < len(best)):
                    best, ways = way, []
                    break
                if other in circle and other not in seen:
                    seen.add(other)
                    ways.append([*way, other])
    return best


def targets(folder):
    names = ["src/lib.rs", "src/main.rs"]
    return [folder / name for name in names if (folder / name).exists()]


def main():
    sys.setrecursionlimit(10_000)
    words = sys.argv[1:]
    if words[:1] == ["--needs"]:
        file = Path(words[1]).resolve()
        roots = [root for folder in file.parents for root in targets(folder)]
        for root in roots[:2]:
            for other, (line, path) in Crate(root).needs().get(file, {}).items():
                print(f"{other.relative_to(ROOT)}: line {line}, {path}")
        return
    product = sorted([*ROOT.glob("crates/*"), *ROOT.glob("lambda-src/*")])
    folders = [Path(word).resolve() for word in words] or product
    wrong = 0
    for root in (root for folder in folders for root in targets(folder)):
        edges = Crate(root).needs()
        for circle in circles(edges):
            wrong += 1
            way = around(edges, circle)
            print(f"{len(circle)} files need each other, such as")
            for file, other in zip(way, [*way[1:], way[0]]):
                line, path = edges[file][other]
                where = file.relative_to(ROOT)
                print(f"  {where}:{line}: {path} ({other.relative_to(ROOT)})")
            rest = sorted(str(file.relative_to(ROOT)) for file in circle - set(way))
            if rest:
                print(f"  and with them: {', '.join(rest)}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
