#!/usr/bin/env python3
"""Holds docs/aws-facts.md against the code; prints what is wrong, a line each, and exits with 1.

The page is made of the code (times, error codes, the sandbox's rules) and of scripts/facts/*.toml, which
says where each fact is from and what breaks where it is wrong; `--write` writes it anew. Beside it:

- What a fact says stands in the code, at the place that it names.
- Every comment of the product that says what AWS does names its source, or a fact does so for it.
- What is only assumed leads to a step of docs/first-run.md, and each step has its evidence.
"""

import re
import sys
import tomllib
from pathlib import Path

import aws_claims
import aws_code
import first_run

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/aws-facts.md"
STEPS = ROOT / "docs/first-run.md"
SECTIONS = ("beliefs", "retries", "limits", "conditions", "behaviour")
UNDECIDED = ("unclear", "not looked up")
# Where everything that has no step of its own is seen: one run of each system.
EVERYTHING = "up"
# What docs/first-run.md begins with, in this order; the others follow by weight.
FIRST = ("alarm", "balancer-log", "trail", "uploads", "api", "role")


def load(name):
    return tomllib.loads((ROOT / f"scripts/facts/{name}.toml").read_text(encoding="utf-8"))


def is_assumed(fact):
    return "assumed" in fact["from"] or fact.get("verdict") in UNDECIDED


def table(columns, rows):
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


class Facts:
    """Everything that the page is made of."""

    def __init__(self):
        named = load("sources")
        self.sources, self.weights = named["sources"], named["weights"]
        self.facts = {name: load(name)["fact"] for name in SECTIONS}
        self.times = load("times")["times"]
        errors = load("errors")
        self.modules = load("sandbox")["sources"]
        self.general, self.special = errors["general"], errors["special"]
        self.kinds = list(aws_code.kinds())
        self.codes, self.rows = aws_code.error_codes()
        self.steps = dict(steps())
        self.wrong = []

    def all(self):
        return [fact for facts in self.facts.values() for fact in facts]

    def special_source(self, row):
        """The source of the longest beginning of a special code that one names; else nothing."""
        text = " ".join(part for part in row[:3] if part)
        fitting = [
            (len(start), group["from"])
            for group in self.special
            for start in group["rows"]
            if text == start or text.startswith(start + " ")
        ]
        return max(fitting)[1] if fitting else ""

    # What is wrong

    def check(self):
        for fact in self.all():
            name = f"{fact['on']}: {fact['what'][:50]}"
            if fact["weight"] not in self.weights:
                self.wrong.append(f"{name}: {fact['weight']!r} is no weight")
            if not fact["from"]:
                self.wrong.append(f"{name}: has no source, not even `assumed`")
            step = fact.get("look", EVERYTHING)
            if step not in self.steps:
                self.wrong.append(f"{name}: docs/first-run.md has no step {step!r}")
        self.check_places()
        self.check_claims()
        self.check_codes()
        self.check_steps()
        return self.wrong

    def check_places(self):
        for fact in self.all():
            for place in fact.get("at", ()):
                path, text = place.split(": ", 1)
                if text not in aws_code.said(ROOT / "crates" / path):
                    self.wrong.append(f"crates/{path}: does not say {text!r} any more")

    def check_claims(self):
        placed = [place.split(": ", 1) for fact in self.all() for place in fact.get("at", ())]
        for path in aws_code.product():
            short = str(path.relative_to(ROOT / "crates"))
            texts = [text for where, text in placed if where == short]
            for line, comment in aws_claims.claims(path.read_text(encoding="utf-8")):
                if not aws_claims.has_source(comment) and not any(text in comment for text in texts):
                    self.wrong.append(
                        f"crates/{short}:{line}: where from? Name it, or add a fact to scripts/facts: "
                        f"{comment[:120]}"
                    )

    def check_codes(self):
        codes = {code for _, codes in self.codes for code in codes}
        for code in {code for group in self.general for code in group["codes"]} - codes:
            self.wrong.append(f"scripts/facts/errors.toml: payctl knows no {code}")
        for row in self.rows:
            if not self.special_source(row):
                self.wrong.append(f"error/codes.rs: {' '.join(row)} has no source in errors.toml")
        texts = [" ".join(part for part in row[:3] if part) for row in self.rows]
        for group in self.special:
            for start in group["rows"]:
                if not any(f"{text} ".startswith(start + " ") for text in texts):
                    self.wrong.append(f"scripts/facts/errors.toml: payctl has nothing for {start}")
        for module in set(self.modules) - {module for module, *_ in aws_code.sandbox()}:
            self.wrong.append(f"scripts/facts/sandbox.toml: the sandbox has no {module}")
        slow = {kind.name for kind in self.kinds if kind.is_slow()}
        for kind in slow ^ set(self.times):
            self.wrong.append(f"scripts/facts/times.toml: {kind} is missing there, or is quick")

    def check_steps(self):
        order = list(self.steps)
        if tuple(order[: len(FIRST)]) != FIRST:
            self.wrong.append(f"docs/first-run.md: does not begin with {', '.join(FIRST)}")
        weights = list(self.weights)
        heaviest = [weights.index(self.step_weight(step)) for step in order[len(FIRST) :]]
        if heaviest != sorted(heaviest):
            self.wrong.append("docs/first-run.md: its steps are not in the order of their weights")
        for step in set(order) ^ set(first_run.QUESTIONS):
            self.wrong.append(f"{step}: a step of docs/first-run.md without evidence, or the reverse")

    def step_weight(self, step):
        weights = list(self.weights)
        found = [fact["weight"] for fact in self.all() if step == fact.get("look", EVERYTHING)]
        # What is not decided by one step is seen in all of them, and weighs little by itself.
        return "make" if step == EVERYTHING else min(found, key=weights.index, default="slower")

    # The page

    def page(self):
        lines = [*self.head(), *self.assumed(), *self.beliefs(), *self.typical()]
        for name, title, column in (
            ("retries", "Retries", "how long"),
            ("limits", "What AWS allows", "limit"),
        ):
            facts = self.facts[name]
            lines += [f"## {title}", "", *self.rows_of(facts, ("what", column))]
        lines += [*self.errors(), "## Conditions of policies", ""]
        lines += self.rows_of(self.facts["conditions"], ("where", "what"))
        lines += ["## By kind", ""]
        lines += [
            "What the comments in `crates/payctl-aws/src` and `crates/payctl-stack/src` say of AWS, where",
            "they name no source themselves.",
            "",
        ]
        lines += self.rows_of(self.facts["behaviour"], ("kind", "what"))
        return "\n".join([*lines, *self.sandbox()]).rstrip("\n") + "\n"

    def head(self):
        yield "# Facts about AWS"
        yield ""
        yield "<!-- Made by scripts/aws_facts.py --write. What it says stands in the code and in scripts/facts. -->"
        yield ""
        yield "payctl has never run on AWS. What its code relies on there comes from the sources of this page, which"
        yield "is made of the code and of the facts in `scripts/facts`; `make check` holds them together. What no"
        yield "source decides is marked *assumed*: [First run on an account](first-run.md) says how to find out."
        yield ""
        yield from table(("short", "source"), self.sources.items())
        yield "What breaks where a fact is wrong is its weight, from the heaviest:"
        yield ""
        yield from table(("weight", "what breaks"), self.weights.items())

    def assumed(self):
        facts = [fact for fact in self.all() if is_assumed(fact)]
        facts += [
            {"on": kind, "what": "its times", "from": source, "weight": "slower", "look": "times"}
            for kind, source in self.times.items()
            if "assumed" in source
        ]
        codes = [code for group in self.general if group["from"] == "assumed" for code in group["codes"]]
        rows = [" ".join(row[:2]) for row in self.rows if "assumed" in self.special_source(row)]
        what = "these codes: " + ", ".join(f"`{one}`" for one in dict.fromkeys([*codes, *rows]))
        facts.append({"on": "errors", "what": what, "from": "", "weight": "slower"})
        facts.sort(key=lambda fact: list(self.weights).index(fact["weight"]))
        yield "## What is only assumed"
        yield ""
        yield "By weight: the work list for the first run on a real account."
        yield ""
        rows = []
        for fact in facts:
            step = fact.get("look", EVERYTHING)
            link = f"[{step}](first-run.md#{self.steps.get(step, '')})"
            rows.append((fact["weight"], fact["on"], fact["what"], link))
        yield from table(("weight", "where", "what is believed", "how to find out"), rows)

    def beliefs(self):
        yield "## Looked up one by one"
        yield ""
        yield "A are beliefs that the code was found to rest on wrongly or blindly, C further ones, N faults that the"
        yield "sources showed; all were looked up on 2026-11-28. What is *unclear* or was not looked up is assumed."
        yield ""
        rows = [
            (fact["on"], fact["what"], fact["verdict"], fact["from"], fact["weight"])
            for fact in self.facts["beliefs"]
        ]
        yield from table(("id", "what", "verdict", "source", "weight"), rows)

    def typical(self):
        yield "## Times"
        yield ""
        yield "In seconds: what a kind's calls typically take (`TYPICAL`: until the create call has answered, from then"
        yield "until it can be used, until it is gone), and how long a wait for it may last (`WAIT_TIMEOUT`). Kinds"
        yield "whose calls answer within a second and are waited for no longer than 10 minutes are left out. The times"
        yield "order the work and predict its end; nothing depends on their being right: all weigh `slower`."
        yield ""
        rows = [
            (f"`{kind.name}`", *map(aws_code.number, kind.seconds), self.times.get(kind.name, ""))
            for kind in self.kinds
            if kind.is_slow()
        ]
        columns = ("kind", "created", "ready", "deleted", "waited for", "source")
        yield from table(columns, rows)

    def rows_of(self, facts, columns):
        rows = [(fact["on"], fact["what"], fact["from"], fact["weight"]) for fact in facts]
        return table((*columns, "source", "weight"), rows)

    def errors(self):
        yield "## Error codes"
        yield ""
        yield "What is done about each code (`payctl-aws/src/error/codes.rs`). Those that no other source is named for"
        yield "are in botocore's models or in its list of throttling codes. They weigh `slower`: a code that is taken"
        yield "for another ends a run, and the next one goes on."
        yield ""
        rows = []
        for kind, codes in self.codes:
            other = [
                f"{group['from']}: {', '.join(f'`{code}`' for code in codes if code in group['codes'])}"
                for group in self.general
                if set(codes) & set(group["codes"])
            ]
            rows.append((kind, ", ".join(f"`{code}`" for code in codes), "; ".join(other)))
        yield from table(("taken for", "codes", "not from botocore"), rows)
        yield "Codes that AWS uses for several things, by operation and a part of the message:"
        yield ""
        rows = [
            (f"`{operation}`", f"`{code}`", part, kind, self.special_source((operation, code, part)))
            for operation, code, part, kind in self.rows
        ]
        yield from table(("operation", "code", "part of the message", "taken for", "source"), rows)

    def sandbox(self):
        yield "## The sandbox"
        yield ""
        yield "What each module of the sandbox does as AWS does, by its first line, with its seconds of AWS's time,"
        yield "and the sources that it names. What is assumed there makes the sandbox wrong, and payctl only where a"
        yield "fact above says the same."
        yield ""
        rows = []
        for module, first, seconds, named in aws_code.sandbox():
            sources = [self.modules[module]] if module in self.modules else []
            rows.append((f"`{module}`", first, seconds, "; ".join([*sources, *named]) or "assumed"))
        yield from table(("module", "what", "seconds", "sources"), rows)


def steps():
    """The steps of docs/first-run.md: what each is called, and the anchor of its heading."""
    if not STEPS.exists():
        return
    for heading in re.findall(r"^## (\d+\. .+)$", STEPS.read_text(encoding="utf-8"), re.MULTILINE):
        name = re.match(r"\d+\. ([a-z-]+):", heading)
        if name:
            anchor = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            yield name[1], anchor


def main():
    facts = Facts()
    wrong, page = facts.check(), facts.page()
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        wrong.append("docs/aws-facts.md: is not what the code says: run scripts/aws_facts.py --write")
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
