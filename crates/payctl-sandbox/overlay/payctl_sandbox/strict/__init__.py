"""What AWS refuses, and moto does not: requests are held against AWS before moto sees them.

Each part can be left out, for comparison: `--lax shapes,permissions`.
"""

import json

PARTS = ("shapes", "permissions", "behaviour")


def parts(lax):
    """The parts that stay strict, given the option's text: a comma list of those that do not."""
    names = {name.strip() for name in lax.split(",")} - {""}
    if unknown := names - set(PARTS):
        raise ValueError(f"--lax knows {', '.join(PARTS)}; not {', '.join(sorted(unknown))}")
    return frozenset(PARTS) - names


def checks(strict):
    """What a request has to pass before moto sees it, in order: each raises a `Refusal`, or not."""
    from . import rules, shapes

    return [shapes.check, rules.check] if "shapes" in strict else []


def authorisation(strict, operator_policy=None):
    """The check of what callers may do; None where it is left out.

    `operator_policy` is a file with the policy, or the list of policies, that the operator has.
    """
    if "permissions" not in strict:
        return None
    from . import permissions

    permissions.operator.asked = True
    check = permissions.Permissions()
    if operator_policy:
        with open(operator_policy) as file:
            check.let_operator(json.load(file))
    return check
