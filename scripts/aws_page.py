"""docs/aws-facts.md, as it is made of the facts and of the code."""

import aws_code

UNDECIDED = ("unclear", "not looked up")
# Where everything that has no step of its own is seen: one run of each system.
EVERYTHING = "up"


def is_assumed(fact):
    return "assumed" in fact["from"] or fact.get("verdict") in UNDECIDED


def table(columns, rows):
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


class Page:
    """How the facts are written down."""

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
        facts = sorted(self.facts["behaviour"], key=lambda fact: fact["on"])
        lines += self.rows_of(facts, ("kind", "what"))
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
        yield "In seconds: what a kind's calls typically take (`typical`: until the create call has answered, from then"
        yield "until it can be used, until it is gone), and how long a wait for it may last (`wait_timeout`). Kinds"
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
