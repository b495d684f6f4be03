"""The gaps of KMS and of the services that use its keys; IAM's."""

import json
import uuid

from support import ACCOUNT, REGION, SandboxTest, closes_gaps, no_gap, trust

ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def policy(*statements):
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def for_service(service, action, resource="*", **condition):
    """A statement that allows a service something."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
    }
    return {**allowed, "Condition": condition} if condition else allowed


@closes_gaps
class Keys(SandboxTest):
    def key(self, *statements):
        """A key with these statements beside the account's own."""
        made = self.aws("kms").create_key(Policy=policy(ROOT, *statements))
        return made["KeyMetadata"]["Arn"]

    def test_the_rotation_period_is_kept(self):
        kms, key = self.aws("kms"), self.key()
        kms.enable_key_rotation(KeyId=key)
        found = kms.get_key_rotation_status(KeyId=key)
        self.assertEqual(found["RotationPeriodInDays"], 365)
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
        found = kms.get_key_rotation_status(KeyId=key)
        self.assertEqual(found["RotationPeriodInDays"], 180)

    def test_a_key_pending_deletion_is_not_used(self):
        kms, key = self.aws("kms"), self.key()
        sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        code = "KMSInvalidStateException"
        self.refused(code, kms.encrypt, KeyId=key, Plaintext=b"text")
        self.refused(code, kms.decrypt, CiphertextBlob=sealed)
        self.refused(code, kms.generate_data_key, KeyId=key, KeySpec="AES_256")
        self.refused(code, kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=7)
        kms.cancel_key_deletion(KeyId=key)
        self.refused("DisabledException", kms.encrypt, KeyId=key, Plaintext=b"text")
        kms.enable_key(KeyId=key)
        self.assertEqual(kms.decrypt(CiphertextBlob=sealed)["Plaintext"], b"text")

    def test_a_role_name_that_is_too_long(self):
        iam = self.aws("iam")
        long = {"RoleName": "r" * 65, "AssumeRolePolicyDocument": trust()}
        self.refused("ValidationError", iam.create_role, **long)


@closes_gaps
class Trails(SandboxTest):
    def setUp(self):
        super().setUp()
        self.name = f"trail-{uuid.uuid4()}"
        self.bucket = f"bucket-{uuid.uuid4()}"
        self.arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{self.name}"
        self.aws("s3").create_bucket(Bucket=self.bucket)

    def fit(self, trail=None):
        """Gives the bucket the policy that CloudTrail's documentation asks for."""
        service = "cloudtrail.amazonaws.com"
        bucket = f"arn:aws:s3:::{self.bucket}"
        from_trail = {"aws:SourceArn": trail or self.arn}
        owned = {**from_trail, "s3:x-amz-acl": "bucket-owner-full-control"}
        document = policy(
            for_service(service, "s3:GetBucketAcl", bucket, StringEquals=from_trail),
            for_service(
                service, "s3:PutObject", f"{bucket}/AWSLogs/{ACCOUNT}/*", StringEquals=owned
            ),
        )
        self.aws("s3").put_bucket_policy(Bucket=self.bucket, Policy=document)

    def create(self, **options):
        """Makes the trail."""
        self.aws("cloudtrail").create_trail(
            Name=self.name, S3BucketName=self.bucket, **options
        )

    def test_a_bucket_without_a_fitting_policy(self):
        self.refused("InsufficientS3BucketPolicyException", self.create)
        self.fit(trail="arn:aws:cloudtrail:us-east-1:123456789012:trail/other")
        self.refused("InsufficientS3BucketPolicyException", self.create)
        self.fit()
        self.create()

    def test_a_trail_that_exists(self):
        self.fit()
        self.create()
        self.refused("TrailAlreadyExistsException", self.create)

    def test_a_key_that_cloudtrail_may_not_use(self):
        self.fit()
        kms = self.aws("kms")
        key = kms.create_key(Policy=policy(ROOT))["KeyMetadata"]["Arn"]
        self.refused("InsufficientEncryptionPolicyException", self.create, KmsKeyId=key)
        service = "cloudtrail.amazonaws.com"
        trails = f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"
        context = {"kms:EncryptionContext:aws:cloudtrail:arn": trails}
        document = policy(
            ROOT,
            for_service(service, "kms:GenerateDataKey*", StringLike=context),
            for_service(service, "kms:DescribeKey"),
        )
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document)
        self.create(KmsKeyId=key)
        trail = self.aws("cloudtrail").get_trail(Name=self.name)["Trail"]
        self.assertEqual(trail["KmsKeyId"], key)

    @no_gap
    def test_a_trail_reads_back(self):
        self.fit()
        self.create(EnableLogFileValidation=True)
        cloudtrail = self.aws("cloudtrail")
        cloudtrail.start_logging(Name=self.name)
        self.assertTrue(cloudtrail.get_trail_status(Name=self.name)["IsLogging"])
        self.assertTrue(cloudtrail.get_trail(Name=self.name)["Trail"]["LogFileValidationEnabled"])
