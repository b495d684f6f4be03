"""IAM's tags."""

import unittest
import uuid

from support import SandboxTest, closes_gaps, trust


def tag(key, value="1"):
    """A tag."""
    return {"Key": key, "Value": value}


@closes_gaps
class Tags(SandboxTest):
    def setUp(self):
        super().setUp()
        self.iam = self.aws("iam")
        self.role = {"RoleName": f"role-{uuid.uuid4()}"}
        self.iam.create_role(
            **self.role, AssumeRolePolicyDocument=trust(), Tags=[tag("Department")]
        )

    def tags(self):
        """The role's tags."""
        return self.iam.list_role_tags(**self.role)["Tags"]

    def test_case_does_not_count(self):
        self.iam.tag_role(**self.role, Tags=[tag("department", "2")])
        self.assertEqual(self.tags(), [tag("department", "2")])
        self.iam.untag_role(**self.role, TagKeys=["DEPARTMENT"])
        self.assertEqual(self.tags(), [])

    def test_nor_for_users(self):
        user = {"UserName": f"user-{uuid.uuid4()}"}
        self.iam.create_user(**user)
        self.iam.tag_user(**user, Tags=[tag("Department")])
        self.iam.tag_user(**user, Tags=[tag("department", "2")])
        self.assertEqual(self.iam.list_user_tags(**user)["Tags"], [tag("department", "2")])

    def test_there_are_50(self):
        self.iam.tag_role(**self.role, Tags=[tag(f"k{nth}") for nth in range(49)])
        self.iam.tag_role(**self.role, Tags=[tag("K0", "2")])
        more = {**self.role, "Tags": [tag("more")]}
        self.refused("LimitExceeded", self.iam.tag_role, **more)


if __name__ == "__main__":
    unittest.main()
