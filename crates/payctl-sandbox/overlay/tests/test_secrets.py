"""Secrets Manager's gaps."""

import time
import unittest
import uuid

from support import SandboxTest, Server, closes_gaps, no_gap, until


@closes_gaps
class Secrets(SandboxTest):
    def setUp(self):
        super().setUp()
        self.secrets = self.aws("secretsmanager")
        self.name = f"secret-{uuid.uuid4()}"
        made = self.secrets.create_secret(Name=self.name, SecretString="one")
        self.arn = made["ARN"]

    def create(self):
        """Makes another one of its name."""
        return self.secrets.create_secret(Name=self.name, SecretString="two")

    def test_its_name_is_taken_while_it_can_be_restored(self):
        self.secrets.delete_secret(SecretId=self.arn, RecoveryWindowInDays=7)
        message = self.refused("InvalidRequestException", self.create)
        self.assertIn("scheduled for deletion", message)
        self.secrets.restore_secret(SecretId=self.arn)
        self.refused("ResourceExistsException", self.create)

    def test_it_takes_no_tags_while_it_is_on_its_way_out(self):
        self.secrets.delete_secret(SecretId=self.arn, RecoveryWindowInDays=7)
        tag, untag = self.secrets.tag_resource, self.secrets.untag_resource
        tags = [{"Key": "one", "Value": "1"}]
        self.refused("InvalidRequestException", tag, SecretId=self.arn, Tags=tags)
        self.refused("InvalidRequestException", untag, SecretId=self.arn, TagKeys=["one"])
        self.secrets.restore_secret(SecretId=self.arn)
        tag(SecretId=self.arn, Tags=tags)
        self.assertEqual(self.secrets.describe_secret(SecretId=self.arn)["Tags"], tags)

    @no_gap
    def test_without_recovery_its_name_is_free(self):
        force = {"SecretId": self.arn, "ForceDeleteWithoutRecovery": True}
        self.secrets.delete_secret(**force)
        describe = self.secrets.describe_secret
        self.refused("ResourceNotFoundException", describe, SecretId=self.arn)
        self.secrets.delete_secret(**force)
        self.assertNotEqual(self.create()["ARN"], self.arn)


class Timed(SandboxTest):
    """A deletion for good takes AWS a moment."""

    scale = 5

    def setUp(self):
        super().setUp()
        self.server = Server(time_scale=self.scale)
        self.addCleanup(self.server.close)

    def test_it_is_seen_until_it_is_gone(self):
        secrets = self.aws("secretsmanager")
        create = {"Name": "secret", "SecretString": "one"}
        secret = {"SecretId": secrets.create_secret(**create)["ARN"]}
        began = time.monotonic()
        for _ in range(2):
            secrets.delete_secret(**secret, ForceDeleteWithoutRecovery=True)
        self.assertLessEqual(
            secrets.describe_secret(**secret)["DeletedDate"].timestamp(), time.time()
        )
        self.refused("InvalidRequestException", secrets.create_secret, **create)
        self.refused("InvalidRequestException", secrets.restore_secret, **secret)
        self.assertEqual(len(secrets.list_secrets()["SecretList"]), 0)
        until(lambda: not self.seen(secrets))
        self.assertGreater((time.monotonic() - began) * self.scale, 4.5)
        self.refused("ResourceNotFoundException", secrets.describe_secret, **secret)
        secrets.create_secret(**create)

    def seen(self, secrets):
        """What is listed, that on its way out included."""
        return secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]


if __name__ == "__main__":
    unittest.main()
