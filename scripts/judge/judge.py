"""prowler as the judge of what the four strict systems deploy, in the sandbox: `make judge`.

First of what stands: nothing may fail but what scripts/judge/waivers.toml names. Then of single defects,
planted by hand (defects.py): prowler has to find each, and so has `payctl check --live`.
"""

import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import boto3

from defects import DEFECTS

ROOT = Path(__file__).resolve().parents[2]
PAYCTL = os.environ.get("PAYCTL", str(ROOT / "target/debug/payctl"))
PROWLER = ROOT / "target/tools/prowler/bin/prowler"
CONTROLS = ROOT / "crates/payctl-compliance/src/controls.json"
#: Each system has a suffix of its own, as some names are the same.
SUFFIXES = {"pci-core": "a", "secure-api": "b", "cost-optimized": "c", "migration": "d"}
CONFIG = "".join(
    f'[{system}]\nposture = "strict"\n' + ('architecture = "x86_64"\n' if system == "cost-optimized" else "")
    for system in SUFFIXES
)
#: The sandbox serves no function here, but a function needs a program.
HANDLERS = [
    "payment-processor", "payment-api", "payments-api", "event-handler",
    "payment-validation", "fraud-detection", "transaction-processing", "secrets-rotation",
]


class Aws:
    """A client for each service, made when it is asked for."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def __getattr__(self, service):
        client = boto3.client(service.rstrip("_"), endpoint_url=self.endpoint)
        setattr(self, service, client)
        return client


def run(command, folder, **options):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, **options)


def payctl(folder, *words, fine=(0,)):
    done = run([PAYCTL, *words], folder)
    if done.returncode not in fine:
        sys.exit(f"judge: {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def deploy(folder):
    for handler in HANDLERS:
        place = folder / "handlers" / handler
        place.mkdir(parents=True)
        run(["strip", "-o", str(place / "bootstrap"), str(ROOT / "target/debug/answering-handler")], folder)
    (folder / "payctl.toml").write_text(CONFIG)
    for system, suffix in SUFFIXES.items():
        payctl(folder, "up", "--stack", system, "--suffix", suffix, "--yes", "--handlers", "handlers")


def prowler(folder, name, checks, *more):
    """Everything that prowler says: (check, status, resource's names, text)."""
    began = time.monotonic()
    command = [
        str(PROWLER), "aws", "--region", "us-east-1", "--checks", *sorted(checks), "--no-banner",
        "-M", "json-ocsf", "-o", str(folder / "prowler"), "-F", name, "--ignore-exit-code-3", *more,
    ]
    done = run(command, folder)
    path = folder / "prowler" / f"{name}.ocsf.json"
    if not path.exists():
        sys.exit(f"judge: prowler ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    found = []
    for one in json.loads(path.read_text()):
        names = [text for resource in one["resources"] for text in (resource["uid"], resource.get("name", ""))]
        found.append((one["metadata"]["event_code"], one["status_code"], names, one["message"]))
    print(f"  prowler: {len(checks)} checks, {len(found)} findings, {time.monotonic() - began:.0f} s")
    return found


def check_names(controls):
    """The checks of prowler's that the controls refer to, each with the controls."""
    names = collections.defaultdict(list)
    for control in controls:
        for source in control["sources"]:
            if source.startswith("prowler:"):
                names[source.removeprefix("prowler:").rstrip("*")].append(control["id"])
    return dict(names)


def groups(aws):
    """What a waiver with `only` is about: whether a name is of that group."""
    aliases = [one for page in aws.kms.get_paginator("list_aliases").paginate() for one in page["Aliases"]]
    ours = {one.get("TargetKeyId") for one in aliases if not one["AliasName"].startswith("alias/aws/")}
    default = {one["VpcId"] for one in aws.ec2.describe_vpcs()["Vpcs"] if one["IsDefault"]}
    acls = aws.ec2.describe_network_acls()["NetworkAcls"]
    return {
        "no alias of ours": lambda name: name not in ours,
        "default VPC": lambda name: any(one["NetworkAclId"] == name and one["VpcId"] in default for one in acls),
    }


def judge_what_stands(found, aws):
    """How many faults there are that no waiver names, and waivers that nothing needs."""
    waivers = tomllib.loads((ROOT / "scripts/judge/waivers.toml").read_text())["waiver"]
    groups_of = groups(aws)
    used, faults = collections.Counter(), 0
    for check, status, names, text in found:
        if status != "FAIL":
            continue
        for index, waiver in enumerate(waivers):
            fits = [name for name in names if re.fullmatch(waiver["resource"], name)]
            belongs = groups_of[waiver["only"]] if "only" in waiver else lambda name: True
            if re.fullmatch(waiver["check"], check) and any(belongs(name) for name in fits):
                used[index] += 1
                break
        else:
            faults += 1
            print(f"  FAIL {check}: {text} ({', '.join(names)})")
    passed = {check for check, status, _, _ in found if status == "PASS"}
    for index, waiver in enumerate(waivers):
        if not used[index]:
            faults += 1
            print(f"  the waiver of {waiver['check']} for {waiver['resource']} is not needed")
        for check in waiver.get("passes", []):
            if check not in passed:
                faults += 1
                print(f"  the waiver of {waiver['check']} leans on {check}, which passes nowhere")
    count = collections.Counter(status for _, status, _, _ in found)
    kinds = collections.Counter()
    for index, number in used.items():
        kinds[waivers[index]["kind"]] += number
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    print(f"what stands: {count['PASS']} PASS, {count['FAIL']} FAIL, of which waived: {told}; {faults} faults")
    return faults


def fails(found, check, name):
    return any(
        one == check and status == "FAIL" and any(name in text for text in names)
        for one, status, names, _ in found
    )


def verdicts(folder):
    """What `payctl check --live` fails, by suffix: pairs of control and the resource's names."""
    failed = {}
    for system, suffix in SUFFIXES.items():
        words = ["check", "--live", "--json", "--stack", system, "--suffix", suffix, "--handlers", "handlers"]
        text = payctl(folder, *words, fine=(0, 1, 2, 3, 4, 5, 6))
        failed[suffix] = {
            (one["control"], " ".join(filter(None, (one[key] for key in ("resource", "id", "arn", "why")))))
            for one in json.loads(text)["verdicts"]
            if one["verdict"] == "fail"
        }
    return failed


def judge_agreement(before, names):
    """How many controls payctl fails, of those that prowler asks as well and finds nothing against."""
    both = {control for controls in names.values() for control in controls}
    found = [(suffix, *one) for suffix, failed in before.items() for one in sorted(failed) if one[0] in both]
    for suffix, control, resource in found:
        print(f"  payctl fails {control} of {resource} ({suffix}), and prowler finds nothing")
    return len(found)


def judge_defects(folder, aws, before, names):
    """How many defects one of the two does not find, and no reason says why."""
    reasons = tomllib.loads((ROOT / "scripts/judge/differences.toml").read_text())["difference"]
    known = {one["defect"]: one for one in reasons}
    ours_before = verdicts(folder)
    faults, both = judge_agreement(ours_before, names), 0
    planted = []
    for defect in DEFECTS:
        planted.append((defect, defect.plant(aws, SUFFIXES[defect.system])))
    # Groups that no interface has are looked at as well: the sandbox's functions have none.
    after = prowler(folder, "defects", {defect.check for defect in DEFECTS}, "--scan-unused-services")
    ours_after = verdicts(folder)
    for defect, name in planted:
        suffix = SUFFIXES[defect.system]
        theirs = fails(after, defect.check, name) and not fails(before, defect.check, name)
        new = {control for control, _ in ours_after[suffix] - ours_before[suffix]}
        ours = bool(new.intersection(names[defect.check]))
        both += theirs and ours
        expected = known.pop(defect.name, None)
        wanted = (expected["prowler"], expected["payctl"]) if expected else (True, True)
        if (theirs, ours) != wanted:
            faults += 1
            said = {True: "finds it", False: "does not"}
            print(f"  {defect.name} ({defect.check}): prowler {said[theirs]}, payctl {said[ours]}")
    for name in known:
        faults += 1
        print(f"  the difference of `{name}` is of no defect")
    print(f"defects: {len(planted)} planted, {both} found by both, {len(reasons)} explained; {faults} faults")
    return faults


def main():
    controls = json.loads(CONTROLS.read_text())
    names = check_names(controls)
    endpoint = sys.argv[1]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }
    aws = Aws(endpoint)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        deploy(folder)
        found = prowler(folder, "stands", names)
        faults = judge_what_stands(found, aws)
        faults += judge_defects(folder, aws, found, names)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
