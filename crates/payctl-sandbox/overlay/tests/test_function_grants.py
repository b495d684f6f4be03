"""The grants that Lambda makes for functions whose environment has a key."""

import unittest
import uuid

from support import closes_gaps, make_role, trust
from test_functions import FunctionTest

VARIABLES = {"Variables": {"NAME": "value"}}


@closes_gaps
class Grants(FunctionTest):
    def setUp(self):
        super().setUp()
        self.key = self.new_key()
        self.role_name = f"role-{uuid.uuid4()}"
        self.role = make_role(self.aws("iam"), self.role_name, in_vpc=False)
        self.create(Role=self.role, KMSKeyArn=self.key, Environment=VARIABLES)

    def new_key(self):
        """A key's ARN."""
        return self.aws("kms").create_key()["KeyMetadata"]["Arn"]

    def grantees(self, key=None):
        """Whom the key is granted to."""
        listed = self.aws("kms").list_grants(KeyId=key or self.key)["Grants"]
        return [grant["GranteePrincipal"] for grant in listed]

    def update(self, **options):
        """Updates the function's configuration."""
        self.functions.update_function_configuration(FunctionName=self.name, **options)

    def again(self):
        """Deletes the role and makes it again under its name; its former unique id."""
        iam = self.aws("iam")
        former = iam.get_role(RoleName=self.role_name)["Role"]["RoleId"]
        for policy in iam.list_attached_role_policies(RoleName=self.role_name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=self.role_name, PolicyArn=policy["PolicyArn"])
        iam.delete_role(RoleName=self.role_name)
        iam.create_role(RoleName=self.role_name, AssumeRolePolicyDocument=trust())
        return former

    def test_it_is_for_the_function(self):
        (grant,) = self.aws("kms").list_grants(KeyId=self.key)["Grants"]
        self.assertEqual(grant["GranteePrincipal"], self.role)
        self.assertIn("Decrypt", grant["Operations"])
        arn = self.configuration()["FunctionArn"]
        context = {"EncryptionContextEquals": {"aws:lambda:FunctionArn": arn}}
        self.assertEqual(grant["Constraints"], context)
        self.functions.delete_function(FunctionName=self.name)
        self.assertEqual(self.grantees(), [])

    def test_it_stays_with_the_role_that_was(self):
        former = self.again()
        self.assertEqual(self.grantees(), [former])
        # The same ARN is no change to Lambda, though the role is another one.
        self.update(Role=self.role, Environment={"Variables": {"NAME": "other"}})
        self.assertEqual(self.grantees(), [former])
        other = make_role(self.aws("iam"), f"role-{uuid.uuid4()}", in_vpc=False)
        self.update(Role=other)
        self.assertEqual(self.grantees(), [other])
        self.update(Role=self.role)
        self.assertEqual(self.grantees(), [self.role])

    def test_another_key_has_one_of_its_own(self):
        former, other = self.again(), self.new_key()
        self.update(KMSKeyArn=other)
        self.assertEqual(self.grantees(other), [self.role])
        self.assertNotIn(former, self.grantees())
        self.update(KMSKeyArn="")
        self.assertEqual(self.grantees(other), [])


if __name__ == "__main__":
    unittest.main()
