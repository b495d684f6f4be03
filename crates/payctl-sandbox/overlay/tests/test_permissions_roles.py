"""Functions of a role that was deleted and made anew: its grants and its tokens are dead.

Each test passes without permissions in a sandbox with `--lax permissions`.
"""

import json
import unittest

from permissions_support import Permissions, allow
from support import make_role, until


class Roles(Permissions):
    """A role is its unique id."""

    def made_anew(self):
        """The function's role, deleted and made again under its name."""
        for policy in self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
            self.iam.delete_role_policy(RoleName=self.name, PolicyName=policy)
        for policy in self.iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]:
            self.iam.detach_role_policy(RoleName=self.name, PolicyArn=policy["PolicyArn"])
        self.iam.delete_role(RoleName=self.name)
        make_role(self.iam, self.name, in_vpc=False)

    def with_encrypted_environment(self):
        self.function(KMSKeyArn=self.key(), Environment={"Variables": {"MODE": "test"}})

    def unreadable(self):
        event = json.dumps({"service": "sts", "operation": "get_caller_identity", "arguments": {}})
        invoke = {"FunctionName": self.name, "Payload": event}
        words = (
            "Lambda was unable to decrypt the environment variables because KMS access was denied"
        )
        self.refused("KMSAccessDeniedException", words, self.aws("lambda").invoke, **invoke)

    def test_a_role_made_anew_has_lost_its_grant(self):
        self.with_encrypted_environment()
        self.made_anew()
        self.unreadable()
        # The same role again: nothing is renewed.
        self.aws("lambda").update_function_configuration(FunctionName=self.name, Role=self.role)
        until(self.updated)
        self.unreadable()
        other = make_role(self.iam, f"{self.name}-2", in_vpc=False)
        for role in (other, self.role):
            self.aws("lambda").update_function_configuration(FunctionName=self.name, Role=role)
            until(self.updated)
        self.function_may("sts", "get_caller_identity")

    def updated(self):
        found = self.aws("lambda").get_function_configuration(FunctionName=self.name)
        return found["LastUpdateStatus"] == "Successful"

    def test_a_right_to_the_key_is_as_good_as_a_grant(self):
        self.with_encrypted_environment()
        self.made_anew()
        self.unreadable()
        self.let(allow("kms:Decrypt"))
        self.function_may("sts", "get_caller_identity")

    def test_a_warm_function_of_a_role_made_anew_has_a_dead_token(self):
        self.function()
        self.function_may("sts", "get_caller_identity")
        self.made_anew()
        answer = self.calls("iam", "list_roles")
        if self.lax:
            self.assertIn("answered", answer)
        else:
            self.assertEqual(answer["error"]["Code"], "InvalidClientTokenId")


class RolesLax(Roles):
    """The same where permissions are left out."""

    lax = "permissions"


del Permissions


if __name__ == "__main__":
    unittest.main()
