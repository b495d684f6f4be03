#!/usr/bin/env python3
"""Holds the documentation together; prints what is wrong, a line each, and exits with 1.

- No word that docs/glossary.md replaced is left: what stands in backquotes in its columns "instead of".
- Every link between Markdown files leads to a file, and to a heading of it where it names one.
- docs/SUMMARY.md has every page of docs/, once.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = ROOT / "docs/glossary.md"
# Where what was replaced may be told: the history, and the glossary itself.
HISTORY = {ROOT / "CHANGELOG.md", GLOSSARY}
# Fenced code, in which a "[x](y)" is no link and a "# x" no heading.
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def files():
    """What is committed or about to be, and text."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    for name in sorted(set(listed.decode().split("\0")) - {""}):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".lock", ".pem", ".zip"}:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def replaced_words():
    """What stands in backquotes in the glossary's columns "instead of"."""
    column = None
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("|"):
            column = None
        elif "instead of" in cells:
            column = cells.index("instead of")
        elif column is not None and column < len(cells):
            yield from re.findall(r"`([^`]+)`", cells[column])


def check_words(texts):
    words = list(replaced_words())
    if len(words) < 50:
        yield f"docs/glossary.md: only {len(words)} replaced words were found in it"

    # Whole words only.
    def whole(word):
        start = r"(?<!\w)" if re.match(r"\w", word) else ""
        end = r"(?!\w)" if re.search(r"\w$", word) else ""
        # However the lines were broken, in a comment or in a text.
        blank = r"(?:\s|\\\n|//[/!]?|#)+"
        return start + blank.join(map(re.escape, word.split())) + end

    # The longest part of each is looked for first, as that is quick.
    found = [(max(word.split(), key=len), word, re.compile(whole(word))) for word in words]
    for path, text in texts:
        if path in HISTORY or "proptest-regressions" in path.parts:
            continue
        for part, word, pattern in found:
            if part not in text:
                continue
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path.relative_to(ROOT)}:{line}: {word!r}: see docs/glossary.md"


def anchors(text):
    """The headings of a page as they are linked to, by GitHub's and mdbook's rule."""
    for heading in re.findall(r"^#+ +(.+)$", FENCED.sub("", text), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        yield words.strip().replace(" ", "-")


def check_links(texts):
    pages = {path: text for path, text in texts if path.suffix == ".md"}
    for path, text in pages.items():
        where = path.relative_to(ROOT)
        for target in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", text)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            page = (path.parent / name).resolve() if name else path
            if not page.exists():
                yield f"{where}: {target}: there is no such file"
            elif anchor and page in pages and anchor not in anchors(pages[page]):
                yield f"{where}: {target}: there is no such heading"


def check_summary(texts):
    summary = ROOT / "docs/SUMMARY.md"
    listed = re.findall(r"\]\(([^)]+)\)", summary.read_text(encoding="utf-8"))
    listed = [(summary.parent / name).resolve() for name in listed]
    for page in {page for page in listed if listed.count(page) > 1}:
        yield f"docs/SUMMARY.md: {page.relative_to(ROOT)} is there twice"
    for path, _ in texts:
        if path.suffix == ".md" and path.is_relative_to(ROOT / "docs") and path != summary:
            if path not in listed:
                yield f"docs/SUMMARY.md: {path.relative_to(ROOT)} is missing"


def main():
    texts = list(files())
    wrong = [*check_words(texts), *check_links(texts), *check_summary(texts)]
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


main()
