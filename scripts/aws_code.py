"""What the code says of AWS: the times of kinds, error codes, and the sandbox's rules."""

import ast
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AWS = ROOT / "crates/payctl-aws/src"
SANDBOX = ROOT / "crates/payctl-sandbox/overlay/payctl_sandbox"
NUMBER = r"([\d.]+)"
# What a module of the sandbox may name: an issue, a page, a guide, a source by its short name.
NAMED = re.compile(
    r"https?://[^\s)>\"']+[^\s)>\"'.,;:]|\b[\w.-]+(?:/[\w.-]+)?#\d+|\bbotocore\b|\bcfn-lint\b|\biamdata\b|"
    r"\bDDB-TABLE-\d+|\bdocs/api-quirks\b|reference\s+of\s+\w+|\w+'s\s+reference|\bguide's\s+sample|(?<!be )\bassumed\b"
)


@dataclass
class Kind:
    """A kind's times, in seconds: created, ready, deleted, waited for."""

    name: str
    seconds: tuple

    def is_slow(self):
        created, ready, deleted, waited = self.seconds
        return max(created, ready, deleted) >= 1 or waited > 600


def number(value):
    return f"{value:g}"


def product():
    """The sources of the product that may say what AWS does."""
    for crate in ("payctl-aws", "payctl-stack"):
        yield from sorted((ROOT / "crates" / crate / "src").rglob("*.rs"))


@cache
def flat(path):
    """A source on one line, comments without their marks."""
    if not path.exists():
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    return " ".join(" ".join(re.sub(r"^\s*//[/!]? ?", "", line) for line in lines).split())


def said(path):
    """A source on one line; of a module without its `.rs`, what is below it as well."""
    if path.suffix:
        return flat(path)
    return " ".join(map(flat, [path.with_suffix(".rs"), *sorted(path.rglob("*.rs"))]))


def kinds():
    """Every kind with its times, by name."""
    engine = flat(ROOT / "crates/payctl-engine/src/kind.rs")
    quick = _typical(engine, "const QUICK: Self = Self")
    waits = _duration(re.search(r"const WAIT_TIMEOUT: Duration = (.+?);", engine)[1])
    found = []
    for path in AWS.rglob("*.rs"):
        text = flat(path)
        form = re.search(r'#\[kind\( "([^"]+)",(.*?) \)\] pub struct', text)
        if not form:
            continue
        typical = re.search(rf"\btypical\({NUMBER}, {NUMBER}, {NUMBER}\)", form[2])
        wait = re.search(r"\bwait_timeout = ([\d* ]+),", form[2])
        seconds = tuple(map(float, typical.groups())) if typical else quick
        found.append(Kind(form[1], (*seconds, _product(wait[1]) if wait else waits)))
    return sorted(found, key=lambda kind: kind.name)


def _typical(text, start):
    pattern = rf"{re.escape(start)}\s*\{{ created: {NUMBER}, ready: {NUMBER}, deleted: {NUMBER} \}}"
    return tuple(map(float, re.search(pattern, text).groups()))


def _duration(text):
    return _product(re.search(r"from_secs\(([\d* ]+)\)", text)[1])


def _product(text):
    return math.prod(map(float, text.split("*")))


def error_codes():
    """The codes by what they are taken for, and the special ones: operation, code, part, taken for."""
    text = re.sub(r"//.*", "", (AWS / "error/codes.rs").read_text(encoding="utf-8"))
    general, special = text.split("const SPECIAL", 1)
    string = r'"([^"]*)"'
    groups = [
        (kind, re.findall(string, codes))
        for kind, codes in re.findall(r"FailureKind::(\w+),\s*&\[(.*?)\]", general, re.DOTALL)
    ]
    row = rf"\(\s*{string},\s*{string},\s*{string},\s*FailureKind::(\w+),?\s*\)"
    rows = re.findall(row, special)
    if len(rows) != special.count("FailureKind::"):
        raise SystemExit("error/codes.rs: a row of SPECIAL cannot be read")
    return groups, rows


def sandbox():
    """Each module that makes the sandbox stricter: its name, first line, seconds, and named sources."""
    for folder in ("gaps", "strict"):
        for path in sorted((SANDBOX / folder).rglob("*.py")):
            if path.name == "__init__.py" and folder == "gaps":
                continue
            text = path.read_text(encoding="utf-8")
            says = ast.get_docstring(ast.parse(text)) or ""
            first = " ".join(says.split("\n\n")[0].split())
            named = dict.fromkeys(" ".join(one.split()) for one in NAMED.findall(text))
            module = str(path.relative_to(SANDBOX).with_suffix(""))
            yield module, first, ", ".join(seconds(text)), list(named)


def seconds(text):
    """The constants below a comment that begins with "AWS seconds", each with its value."""
    assignment = r"[A-Z_, ]+ = [\d, ]+\n"
    for block in re.findall(rf"^# AWS seconds.*\n(?:# .*\n|{assignment})+", text, re.MULTILINE):
        for names, values in re.findall(r"^([A-Z_, ]+) = ([\d, ]+)$", block, re.MULTILINE):
            yield from map(" ".join, zip(names.split(", "), values.split(", "), strict=True))
