"""IAM's gaps."""

import json
import unittest
import uuid

from support import ACCOUNT, SandboxTest, closes_gaps, trust


@closes_gaps
class Policies(SandboxTest):
    def setUp(self):
        super().setUp()
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        self.document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = self.aws("iam").create_policy(
            PolicyName=f"policy-{uuid.uuid4()}", PolicyDocument=self.document
        )
        self.policy = {"PolicyArn": made["Policy"]["Arn"]}

    def test_one_that_a_role_names(self):
        iam = self.aws("iam")
        role = {"RoleName": f"role-{uuid.uuid4()}"}
        iam.create_role(**role, AssumeRolePolicyDocument=trust())
        iam.attach_role_policy(**role, **self.policy)
        self.refused("DeleteConflict", iam.delete_policy, **self.policy)
        iam.detach_role_policy(**role, **self.policy)
        iam.delete_policy(**self.policy)

    def test_one_of_two_versions(self):
        iam = self.aws("iam")
        version = {"PolicyDocument": self.document, "SetAsDefault": True}
        iam.create_policy_version(**self.policy, **version)
        self.refused("DeleteConflict", iam.delete_policy, **self.policy)
        iam.delete_policy_version(**self.policy, VersionId="v1")
        iam.delete_policy(**self.policy)


@closes_gaps
class Caller(SandboxTest):
    def test_the_operator_is_a_user(self):
        told = self.aws("sts").get_caller_identity()
        self.assertEqual(told["Arn"], f"arn:aws:iam::{ACCOUNT}:user/operator")


if __name__ == "__main__":
    unittest.main()
