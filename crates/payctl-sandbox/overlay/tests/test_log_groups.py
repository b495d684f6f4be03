"""CloudWatch Logs' gaps."""

import unittest
import uuid

import boto3
from support import ACCOUNT, REGION, SandboxTest, closes_gaps
from test_keys import ROOT, for_service, policy


def key_policy():
    """The key policy that CloudWatch Logs' documentation asks for."""
    actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*"]
    groups = f"arn:aws:logs:{REGION}:{ACCOUNT}:*"
    condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    principal = f"logs.{REGION}.amazonaws.com"
    return policy(ROOT, for_service(principal, [*actions, "kms:Describe*"], **condition))


@closes_gaps
class Keys(SandboxTest):
    def setUp(self):
        super().setUp()
        self.logs, self.kms = self.aws("logs"), self.aws("kms")
        self.name = f"/test/{uuid.uuid4()}"
        self.arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.name}"

    def key(self, document):
        """A key with this policy."""
        return self.kms.create_key(Policy=document)["KeyMetadata"]["Arn"]

    def seen(self):
        """The key that the group is described with."""
        (group,) = self.logs.describe_log_groups(logGroupNamePrefix=self.name)["logGroups"]
        return group.get("kmsKeyId")

    def test_a_key_that_logs_may_not_use(self):
        create, key = self.logs.create_log_group, self.key(policy(ROOT))
        group = {"logGroupName": self.name}
        message = self.refused("AccessDeniedException", create, **group, kmsKeyId=key)
        self.assertIn(f"'{self.arn}'", message)
        create(**group)
        associate = self.logs.associate_kms_key
        message = self.refused("AccessDeniedException", associate, **group, kmsKeyId=key)
        self.assertIn(f"'{self.arn}'", message)
        self.assertIsNone(self.seen())

    def test_a_key_comes_changes_and_goes(self):
        self.logs.create_log_group(logGroupName=self.name)
        one, other = self.key(key_policy()), self.key(key_policy())
        for key in (one, other, other):
            self.logs.associate_kms_key(logGroupName=self.name, kmsKeyId=key)
            self.assertEqual(self.seen(), key)
        for _ in range(2):
            self.logs.disassociate_kms_key(logGroupName=self.name)
            self.assertIsNone(self.seen())
        self.logs.associate_kms_key(resourceIdentifier=self.arn, kmsKeyId=one)
        self.assertEqual(self.seen(), one)
        self.logs.disassociate_kms_key(resourceIdentifier=self.arn)
        self.assertIsNone(self.seen())

    def test_a_key_that_cannot_be_used(self):
        group = {"logGroupName": self.name}
        self.logs.create_log_group(**group)
        associate, key = self.logs.associate_kms_key, self.key(key_policy())
        unknown = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{uuid.uuid4()}"
        self.refused("AccessDeniedException", associate, **group, kmsKeyId=unknown)
        invalid = "InvalidParameterException"
        message = self.refused(invalid, associate, **group, kmsKeyId=key.split("/")[-1])
        self.assertIn(f"could not be found. '{self.name}'", message)
        self.kms.disable_key(KeyId=key)
        self.refused(invalid, associate, **group, kmsKeyId=key)
        other = f"{self.name}-other"
        create = self.logs.create_log_group
        self.refused(invalid, create, logGroupName=other, kmsKeyId=key)
        self.kms.enable_key(KeyId=key)
        associate(**group, kmsKeyId=key)

    def test_a_group_that_is_not_there_and_a_target_too_many(self):
        key = {"kmsKeyId": self.key(key_policy())}
        absent, both = {"logGroupName": self.name}, {"logGroupName": self.name}
        both["resourceIdentifier"] = self.arn
        for call, given in (
            (self.logs.associate_kms_key, key),
            (self.logs.disassociate_kms_key, {}),
        ):
            missing = "ResourceNotFoundException"
            self.refused(missing, call, **absent, **given)
            self.refused(missing, call, resourceIdentifier=self.arn, **given)
            self.refused("InvalidParameterException", call, **both, **given)
            self.refused("InvalidParameterException", call, **given)
            self.refused("InvalidParameterException", call, resourceIdentifier="x", **given)

    def test_the_key_of_query_results(self):
        results = {"resourceIdentifier": f"arn:aws:logs:{REGION}:{ACCOUNT}:query-result:*"}
        self.logs.associate_kms_key(**results, kmsKeyId=self.key(key_policy()))
        unfit = self.key(policy(ROOT))
        associate = self.logs.associate_kms_key
        self.refused("AccessDeniedException", associate, **results, kmsKeyId=unfit)
        self.logs.disassociate_kms_key(**results)

    def test_a_deleted_group_takes_its_tags_along(self):
        self.logs.create_log_group(logGroupName=self.name, tags={"a": "1"})
        self.logs.delete_log_group(logGroupName=self.name)
        self.logs.create_log_group(logGroupName=self.name)
        found = self.logs.list_tags_for_resource(resourceArn=self.arn)
        self.assertEqual(found["tags"], {})


class Model(unittest.TestCase):
    """What is answered above is what AWS's model of the calls knows."""

    def test_the_calls_and_their_errors(self):
        model = boto3.client("logs", region_name=REGION).meta.service_model
        for name in ("AssociateKmsKey", "DisassociateKmsKey"):
            call = model.operation_model(name)
            errors = {error.name for error in call.error_shapes}
            self.assertLessEqual({"InvalidParameterException", "ResourceNotFoundException"}, errors)
            self.assertIsNone(call.output_shape)
            members = {"logGroupName", "resourceIdentifier", "kmsKeyId"}
            self.assertLessEqual(set(call.input_shape.members), members)


if __name__ == "__main__":
    unittest.main()
