"""What holds docs/aws-facts.md against the code finds every sort of difference."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "..", ".."))
PARTS = (
    "scripts",
    "docs",
    "crates/payctl-aws/src",
    "crates/payctl-stack/src",
    "crates/payctl-engine/src",
    "crates/payctl-sandbox/overlay/payctl_sandbox",
)
AWS = "crates/payctl-aws/src"


class Facts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="payctl-facts-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        leave = shutil.ignore_patterns("__pycache__")
        for part in PARTS:
            shutil.copytree(os.path.join(ROOT, part), os.path.join(cls.root, part), ignore=leave)

    def check(self, *options):
        command = [sys.executable, os.path.join(self.root, "scripts/aws_facts.py"), *options]
        return subprocess.run(command, capture_output=True, text=True)

    def planted(self, path, old, new):
        """What is found wrong where `old` is `new`; everything is as it was afterwards."""
        path = os.path.join(self.root, path)
        with open(path, encoding="utf-8") as file:
            before = file.read()
        self.assertIn(old, before)
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(before.replace(old, new, 1))
            found = self.check()
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(before)
        self.assertEqual((found.returncode, found.stderr), (1, ""))
        return found.stdout

    def test_finds_nothing(self):
        found = self.check()
        self.assertEqual((found.returncode, found.stdout, found.stderr), (0, "", ""))

    def test_writes_what_it_checks(self):
        page = os.path.join(self.root, "docs/aws-facts.md")
        with open(page, encoding="utf-8") as file:
            before = file.read()
        os.remove(page)
        self.assertEqual(self.check().returncode, 1)
        self.assertEqual(self.check("--write").returncode, 0)
        with open(page, encoding="utf-8") as file:
            self.assertEqual(file.read(), before)

    def test_every_belief_has_a_row(self):
        with open(os.path.join(self.root, "docs/aws-facts.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| ([ACN]\d+[a-d]?) \|.*\| ([a-z]+) \|$", file.read(), re.MULTILINE)
        wanted = [f"A{number}" for number in range(1, 17) if number != 12]
        wanted += ["A12a", "A12b", "A12c", "A12d", "C12a", "C12b", "C12c"]
        wanted += [f"C{number}" for number in range(1, 23) if number != 12]
        wanted += [f"N{number}" for number in range(1, 12)]
        self.assertEqual(sorted(belief for belief, _ in rows), sorted(wanted))

    def test_another_time(self):
        found = self.planted(f"{AWS}/ec2/nat_gateway.rs", "typical(0.5, 95.0, 45.0)", "typical(0.5, 96.0, 45.0)")
        self.assertIn("docs/aws-facts.md: is not what the code says", found)

    def test_a_kind_that_became_slow(self):
        quick = "    stable(function, statement),\n"
        slow = "    typical(9.0, 0.0, 0.0),\n"
        found = self.planted(f"{AWS}/lambda/permission.rs", quick, quick + slow)
        self.assertIn("times.toml: lambda.permission is missing", found)

    def test_another_patience(self):
        path = "crates/payctl-engine/src/execute/step.rs"
        found = self.planted(path, "Duration = Duration::from_secs(150)", "Duration = Duration::from_secs(15)")
        self.assertIn("does not say 'const PROPAGATION_TIMEOUT", found)

    def test_another_limit(self):
        found = self.planted(f"{AWS}/elbv2/shift.rs", "const MOST: u32 = 999;", "const MOST: u32 = 100;")
        self.assertIn("does not say 'const MOST: u32 = 999;' any more", found)

    def test_a_code_without_a_source(self):
        row = '    ("PutMethod", "ConflictException", "already exists", FailureKind::Conflict),\n'
        new = '    ("PutMethod", "OddException", "", FailureKind::Busy),\n'
        found = self.planted(f"{AWS}/error/codes.rs", row, row + new)
        # PutMethod has a source for all its codes; the page has no such row.
        self.assertIn("docs/aws-facts.md: is not what the code says", found)
        new = new.replace("PutMethod", "PutOddity")
        found = self.planted(f"{AWS}/error/codes.rs", row, row + new)
        self.assertIn("PutOddity OddException  Busy has no source", found)

    def test_a_code_that_is_gone(self):
        found = self.planted(f"{AWS}/error/codes.rs", '            "TooManyBuckets",\n', "")
        self.assertIn("payctl knows no TooManyBuckets", found)

    def test_another_condition(self):
        path = "crates/payctl-stack/src/parts/topic.rs"
        found = self.planted(path, "says_for_whom: true", "says_for_whom: false")
        self.assertIn("parts/topic.rs: does not say", found)

    def test_a_claim_without_a_source(self):
        old = "//! VPCs: a network of the account's own.\n"
        for claim, line in (("AWS deletes it at night.", 2), ("Here Lambda\n//! never sleeps.", 2)):
            found = self.planted(f"{AWS}/ec2/vpc.rs", old, f"{old}//!\n//! {claim}\n")
            self.assertIn(f"payctl-aws/src/ec2/vpc.rs:{line - 1}: where from?", found)
        for claim in ("AWS deletes it at night (DeleteVpc).", "Lambda never sleeps: assumed."):
            with self.assertRaises(AssertionError):
                self.planted(f"{AWS}/ec2/vpc.rs", old, f"{old}//!\n//! {claim}\n")

    def test_a_page_by_hand(self):
        found = self.planted("docs/aws-facts.md", "# Facts about AWS", "# Truths about AWS")
        self.assertIn("docs/aws-facts.md: is not what the code says", found)

    def test_a_fact_without_a_weight(self):
        found = self.planted("scripts/facts/limits.toml", 'weight = "slower"', 'weight = "heavy"')
        self.assertIn("'heavy' is no weight", found)

    def test_a_step_that_is_missing(self):
        found = self.planted("docs/first-run.md", "## 14. flow-log:", "## 14. Flow log:")
        self.assertIn("has no step 'flow-log'", found)
        self.assertIn("flow-log: a step of docs/first-run.md without evidence, or the reverse", found)

    def test_steps_in_another_order(self):
        found = self.planted("docs/first-run.md", "## 1. alarm:", "## 1. role:")
        self.assertIn("does not begin with alarm, balancer-log", found)
        found = self.planted("scripts/facts/conditions.toml", 'look = "flow-log"', 'look = "log-groups"')
        self.assertIn("not in the order of their weights", found)


if __name__ == "__main__":
    unittest.main()
