"""The evaluation of policies: cases from IAM's guide, each with the page that has it."""

import base64
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from payctl_sandbox.conditions import Condition, PolicyError  # noqa: E402
from payctl_sandbox.policy import ALLOW, DENY, decide, parse  # noqa: E402
from payctl_sandbox.strict.permissions.caller import Caller  # noqa: E402
from payctl_sandbox.strict.permissions.evaluate import Policies  # noqa: E402
from payctl_sandbox.strict.permissions.evaluate import decide as evaluate  # noqa: E402

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/example"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/example/session"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
NAMES = {"itself": ("AWS", SESSION), "role": ("AWS", ROLE), "account": ("AWS", ROOT)}


def statement(**elements):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", **elements}],
    }


def says(context=None, action="s3:GetObject", resource="arn:aws:s3:::bucket/key", **elements):
    """What a policy of one statement says to a request."""
    return decide(statement(**elements), None, action, resource, context or {})


def holds(operator, wanted, value=None, key="k"):
    return Condition(operator, key, wanted).holds({} if value is None else {key: value})


class Operators(unittest.TestCase):
    """ "IAM JSON policy elements: Condition operators": what is true, and what is not."""

    TRUE = (
        ("StringEquals", "a", "a"),
        ("StringEquals", ["b", "a"], "a"),
        ("StringNotEquals", "a", "b"),
        ("StringEqualsIgnoreCase", "A", "a"),
        ("StringNotEqualsIgnoreCase", "A", "b"),
        ("StringLike", "a*d?", "abcde"),
        ("StringNotLike", "a*", "b"),
        ("NumericLessThanEquals", "10", "10"),
        ("NumericGreaterThan", 3, "3.5"),
        ("NumericNotEquals", "3", "4"),
        ("DateGreaterThan", "2020-01-01T00:00:01Z", "2026-11-29T00:00:00Z"),
        ("DateLessThanEquals", "2026-11-29T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("DateEquals", "0", "1970-01-01T00:00:00Z"),
        ("Bool", "true", "true"),
        ("Bool", True, "true"),
        ("BinaryEquals", base64.b64encode(b"x").decode(), base64.b64encode(b"x").decode()),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9"),
        ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1"),
        ("IpAddress", "203.0.113.9", "203.0.113.9"),
        ("NotIpAddress", "203.0.113.0/24", "198.51.100.1"),
        ("ArnLike", "arn:aws:s3:::b*", "arn:aws:s3:::bucket"),
        ("ArnNotEquals", "arn:aws:s3:::a", "arn:aws:s3:::b"),
        ("Null", "true", None),
        ("Null", "false", "a"),
        ("Null", False, "a"),
        # A key that is not there: only what is negated, or has IfExists, holds.
        ("StringNotEquals", "a", None),
        ("StringEqualsIfExists", "a", None),
        ("StringNotEqualsIfExists", "a", None),
        ("ForAllValues:StringEquals", "a", None),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"]),
        ("ForAnyValue:StringEquals", "a", ["a", "z"]),
        ("ForAllValues:StringNotEquals", "a", ["b", "c"]),
        ("ForAnyValue:StringNotEquals", "a", ["a", "c"]),
    )
    FALSE = (
        ("StringEquals", "a", "b"),
        ("StringEquals", "a", None),
        ("StringEquals", "a*", "ab"),
        ("StringLike", "[ab]", "a"),
        ("StringNotEqualsIfExists", "a", "a"),
        ("NumericLessThan", "10", "ten"),
        ("NumericEquals", "1", None),
        ("DateLessThan", "2020-01-01T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("Bool", "true", None),
        ("BinaryEquals", base64.b64encode(b"x").decode(), base64.b64encode(b"y").decode()),
        ("IpAddress", "203.0.113.0/24", "198.51.100.1"),
        ("IpAddress", "203.0.113.0/24", "not an address"),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9"),
        ("Null", "true", "a"),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"]),
        ("ForAnyValue:StringEquals", "a", None),
        ("ForAnyValue:StringEquals", "a", ["y", "z"]),
        # The guide's example: sections are compared one by one.
        (
            "ArnLike",
            "arn:aws:someservice:*:111122223333:finance/*",
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/x.txt",
        ),
    )

    def test_what_holds(self):
        for operator, wanted, value in self.TRUE:
            with self.subTest(operator=operator, wanted=wanted, value=value):
                self.assertTrue(holds(operator, wanted, value))

    def test_what_does_not(self):
        for operator, wanted, value in self.FALSE:
            with self.subTest(operator=operator, wanted=wanted, value=value):
                self.assertFalse(holds(operator, wanted, value))

    def test_what_is_no_operator_is_refused(self):
        for operator in ("StringEqual", "ForSomeValues:StringEquals", "NullIfExists", "IpEquals"):
            with self.subTest(operator=operator), self.assertRaises(PolicyError):
                Condition(operator, "k", "v")

    def test_what_is_no_element_is_refused(self):
        for elements in ({"Conditions": {}}, {"Effect": "Permit"}):
            with self.subTest(elements), self.assertRaises(PolicyError):
                parse(statement(**elements))


class Resources(unittest.TestCase):
    """ "IAM JSON policy elements: Resource", and variables in it."""

    def test_wildcards_stay_in_their_section(self):
        for pattern, resource, matches in (
            ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1/test/2/3", True),
            ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", False),
            ("arn:aws:sqs:us-*-1:1:q", "arn:aws:sqs:us-east-1:1:q", True),
            ("arn:aws:sqs:us-*-1:1:q", "arn:aws:sqs:us-east:2:x-1:1:q", False),
            ("arn:aws:logs:*:1:log-group:a:*", "arn:aws:logs:r:1:log-group:a:log-stream:b", True),
            ("arn:aws:s3:*", "arn:aws:s3:::bucket/key", True),
            ("arn:aws:s3:::bucke?", "arn:aws:s3:::bucket", True),
            ("arn:aws:s3:::Bucket", "arn:aws:s3:::bucket", False),
        ):
            with self.subTest(pattern=pattern, resource=resource):
                said = says(Resource=pattern, Action="*", resource=resource)
                self.assertEqual(said, ALLOW if matches else None)

    def test_variables_are_filled_in(self):
        mine = {"aws:username": "bob", "aws:principaltag/team": "*"}
        key = "arn:aws:s3:::bucket/"
        for pattern, resource, said in (
            (key + "${aws:username}/*", key + "bob/x", ALLOW),
            (key + "${aws:username}/*", key + "eve/x", None),
            (key + "${aws:userid}/*", key + "bob/x", None),
            (key + "${aws:userid, 'nobody'}/*", key + "nobody/x", ALLOW),
            (key + "${*}", key + "*", ALLOW),
            (key + "${*}", key + "x", None),
            # What a variable brings is text, and no pattern.
            (key + "${aws:PrincipalTag/team}", key + "x", None),
        ):
            with self.subTest(pattern=pattern, resource=resource):
                self.assertEqual(says(mine, Resource=pattern, resource=resource), said)

    def test_the_old_version_has_no_variables(self):
        document = statement(Resource="arn:aws:s3:::bucket/${aws:username}")
        document["Version"] = "2008-10-17"
        mine = {"aws:username": "bob"}
        self.assertIsNone(decide(document, None, "s3:GetObject", "arn:aws:s3:::bucket/bob", mine))

    def test_actions_have_no_case_and_may_be_excepted(self):
        self.assertEqual(says(Action="S3:getobject"), ALLOW)
        self.assertIsNone(says(Action="s3:Put*"))
        document = statement(NotAction="iam:*")
        del document["Statement"][0]["Action"]
        self.assertEqual(decide(document, None, "s3:GetObject", "*", {}), ALLOW)
        self.assertIsNone(decide(document, None, "iam:GetRole", "*", {}))


class Principals(unittest.TestCase):
    """ "AWS JSON policy elements: Principal" and "NotPrincipal"."""

    def to(self, declared, **elements):
        document = statement(Principal=declared, **elements)
        return parse(document).verdict(NAMES, "s3:GetObject", "arn:aws:s3:::b/k", {})

    def test_how_near_the_allowed_is(self):
        for declared, to in (
            ({"AWS": SESSION}, "itself"),
            ({"AWS": [ROLE, SESSION]}, "itself"),
            ({"AWS": ROLE}, "role"),
            ("*", "anyone"),
            ({"AWS": "*"}, "anyone"),
            ({"AWS": ROOT}, "account"),
            ({"AWS": ACCOUNT}, "account"),
        ):
            with self.subTest(declared=declared):
                self.assertEqual(self.to(declared), (ALLOW, to))
        for declared in ({"Service": "s3.amazonaws.com"}, {"AWS": "999999999999"}):
            with self.subTest(declared=declared):
                self.assertEqual(self.to(declared), (None, None))

    def test_a_deny_of_the_account_denies_all_in_it(self):
        self.assertEqual(self.to({"AWS": ROOT}, Effect="Deny")[0], DENY)

    def test_excepted_is_who_is_named_with_role_and_account(self):
        def but(*names):
            document = statement(Effect="Deny", NotPrincipal={"AWS": list(names)})
            return parse(document).verdict(NAMES, "s3:GetObject", "*", {})[0]

        self.assertIsNone(but(SESSION, ROLE, ROOT))
        self.assertEqual(but(SESSION, ROLE), DENY)
        self.assertEqual(but(ROOT), DENY)


class OneAccount(unittest.TestCase):
    """ "Policy evaluation logic": what all policies of a request say together."""

    KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    ANYTHING = json.dumps(statement(Action="*"))
    DENIED = json.dumps(statement(Action="*", Effect="Deny"))

    def decided(self, action="s3:GetObject", on="arn:aws:s3:::b/k", **policies):
        who = Caller(SESSION, NAMES, [], role_arn=ROLE)
        found = Policies(**{"identity": [], **policies})
        why = evaluate(who, found, action, on, {})
        return why and (why.sort, why.explicit)

    def to(self, principal, effect="Allow"):
        return statement(Action="*", Effect=effect, Principal=principal)

    def test_what_is_allowed(self):
        mine = [self.ANYTHING]
        for policies in (
            {"identity": mine},
            {"identity": mine, "boundary": self.ANYTHING, "session": mine},
            {"identity": mine, "resource": self.to({"Service": "s3.amazonaws.com"})},
            # By the resource's policy alone.
            {"resource": self.to({"AWS": ROLE})},
            {"resource": self.to("*")},
            # What is given to the session itself is not held to the rest.
            {"resource": self.to({"AWS": SESSION}), "boundary": "{}", "session": ["{}"]},
        ):
            with self.subTest(policies):
                self.assertIsNone(self.decided(**policies))

    def test_what_is_not(self):
        mine = [self.ANYTHING]
        for policies, why in (
            ({}, ("identity-based policy", False)),
            # The account leaves it to its own policies.
            ({"resource": self.to({"AWS": ROOT})}, ("identity-based policy", False)),
            ({"identity": mine, "boundary": "{}"}, ("permissions boundary", False)),
            ({"identity": mine, "session": ["{}"]}, ("session policy", False)),
            (
                {"resource": self.to({"AWS": ROLE}), "boundary": "{}"},
                ("permissions boundary", False),
            ),
            ({"resource": self.to({"AWS": ROLE}), "session": ["{}"]}, ("session policy", False)),
            ({"identity": mine, "endpoint": "{}"}, ("VPC endpoint policy", False)),
            ({"identity": [*mine, self.DENIED]}, ("identity-based policy", True)),
            ({"identity": mine, "boundary": self.DENIED}, ("permissions boundary", True)),
            ({"identity": mine, "session": [self.DENIED]}, ("session policy", True)),
            ({"identity": mine, "resource": self.to("*", "Deny")}, ("resource-based policy", True)),
            ({"identity": mine, "resource": self.to({"AWS": ROOT}, "Deny")},
             ("resource-based policy", True)),
        ):  # fmt: skip
            with self.subTest(policies):
                self.assertEqual(self.decided(**policies), why)

    def test_keys_and_trust_policies_have_to_allow_by_themselves(self):
        mine = [self.ANYTHING]
        for action, resource in (("kms:Decrypt", self.KEY), ("sts:AssumeRole", ROLE)):
            with self.subTest(action=action):
                asked = {"action": action, "on": resource}
                nobody = self.to({"Service": "ec2.amazonaws.com"})
                refused = self.decided(identity=mine, resource=nobody, **asked)
                self.assertEqual(refused, ("resource-based policy", False))
                account = self.to({"AWS": ROOT})
                self.assertIsNone(self.decided(identity=mine, resource=account, **asked))
                refused = self.decided(resource=account, **asked)
                self.assertEqual(refused, ("identity-based policy", False))
                self.assertIsNone(self.decided(resource=self.to({"AWS": ROLE}), **asked))


if __name__ == "__main__":
    unittest.main()
