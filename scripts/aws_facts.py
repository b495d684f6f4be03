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
from aws_page import EVERYTHING, Page

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/aws-facts.md"
FACTS = ROOT / "scripts/facts"
STEPS = ROOT / "docs/first-run.md"
SECTIONS = ("beliefs", "retries", "limits", "conditions", "behaviour")
# What docs/first-run.md begins with, in this order; the others follow by weight.
FIRST = ("alarm", "balancer-log", "trail", "uploads", "api", "role")


def load(name):
    return tomllib.loads((FACTS / f"{name}.toml").read_text(encoding="utf-8"))


def section(name):
    """The facts of a section: a file, or a folder of files."""
    parts = sorted((FACTS / name).glob("*.toml")) or [FACTS / f"{name}.toml"]
    return [fact for part in parts for fact in tomllib.loads(part.read_text(encoding="utf-8"))["fact"]]


class Facts(Page):
    """Everything that the page is made of."""

    def __init__(self):
        named = load("sources")
        self.sources, self.weights = named["sources"], named["weights"]
        self.facts = {name: section(name) for name in SECTIONS}
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
