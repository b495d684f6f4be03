"""S3's gaps."""

import json
import uuid

from support import SandboxTest, closes_gaps, no_gap

KMS = {"ServerSideEncryption": "aws:kms"}


def statement(bucket, action, effect="Deny", what="/*", **condition):
    """A statement for everybody about a bucket's objects."""
    return {
        "Effect": effect,
        "Principal": "*",
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}{what}",
        "Condition": condition,
    }


class BucketTest(SandboxTest):
    def setUp(self):
        super().setUp()
        self.s3 = self.aws("s3")
        self.bucket = f"bucket-{uuid.uuid4()}"
        self.s3.create_bucket(Bucket=self.bucket)

    def policy(self, *statements):
        """Sets the bucket's policy."""
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=document)

    def put(self, key="key", **options):
        """Puts an object."""
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"body", **options)


@closes_gaps
class Buckets(BucketTest):
    def test_a_new_bucket_is_encrypted(self):
        found = self.s3.get_bucket_encryption(Bucket=self.bucket)
        (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
        default = rule["ApplyServerSideEncryptionByDefault"]
        self.assertEqual(default, {"SSEAlgorithm": "AES256"})

    def test_objects_under_a_deny_without_tls(self):
        without_tls = {"Bool": {"aws:SecureTransport": "false"}}
        self.policy(
            statement(self.bucket, "s3:*", what="", **without_tls),
            statement(self.bucket, "s3:*", **without_tls),
        )
        self.put()
        found = self.s3.get_object(Bucket=self.bucket, Key="key")
        self.assertEqual(found["Body"].read(), b"body")
        self.s3.head_object(Bucket=self.bucket, Key="key")
        self.assertEqual(self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"], 1)
        self.s3.delete_object(Bucket=self.bucket, Key="key")
        self.put("other")
        delete = {"Objects": [{"Key": "other"}]}
        self.assertNotIn("Errors", self.s3.delete_objects(Bucket=self.bucket, Delete=delete))
        self.assertEqual(self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"], 0)

    def test_uploads_have_to_ask_for_kms_themselves(self):
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        self.s3.put_bucket_encryption(
            Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
        other = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
        self.policy(statement(self.bucket, "s3:PutObject", **other))
        # The bucket's default does not count: the policy sees the request.
        self.refused("AccessDenied", self.put)
        self.refused("AccessDenied", self.put, ServerSideEncryption="AES256")
        self.put(**KMS)
        self.s3.get_object(Bucket=self.bucket, Key="key")
        upload = {"Bucket": self.bucket, "Key": "large"}
        self.refused("AccessDenied", self.s3.create_multipart_upload, **upload)
        number = self.s3.create_multipart_upload(**upload, **KMS)["UploadId"]
        part = {**upload, "UploadId": number}
        tag = self.s3.upload_part(**part, PartNumber=1, Body=b"part")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        self.s3.complete_multipart_upload(**part, MultipartUpload=parts)

    def test_uploads_may_leave_it_to_the_bucket_when_the_policy_says_so(self):
        named = {"Null": {"s3:x-amz-server-side-encryption": "false"}}
        other = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
        self.policy(statement(self.bucket, "s3:PutObject", **named, **other))
        self.put()
        self.put(**KMS)
        self.refused("AccessDenied", self.put, ServerSideEncryption="AES256")

    def test_a_deny_to_another_principal_is_not_ours(self):
        deny = statement(self.bucket, "s3:*")
        deny["Principal"] = {"Service": "cloudtrail.amazonaws.com"}
        self.policy(deny)
        self.put()
        self.policy(statement(self.bucket, "s3:GetObject"))
        self.put()
        self.refused("AccessDenied", self.s3.get_object, Bucket=self.bucket, Key="key")

    def test_policies_that_are_none(self):
        for policy in ("{", '{"Version": "2012-10-17"}'):
            self.refused(
                "MalformedPolicy", self.s3.put_bucket_policy, Bucket=self.bucket, Policy=policy
            )

    def test_access_logs_to_a_bucket_that_denies_everybody_without_tls(self):
        allow = statement(self.bucket, "s3:PutObject", effect="Allow")
        allow["Principal"] = {"Service": "logging.s3.amazonaws.com"}
        allow["Condition"] = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
        without_tls = {"Bool": {"aws:SecureTransport": "false"}}
        self.policy(statement(self.bucket, "s3:*", **without_tls), allow)
        other = f"other-{uuid.uuid4()}"
        self.s3.create_bucket(Bucket=other)
        target = {"TargetBucket": self.bucket, "TargetPrefix": "logs/"}
        enabled = {"LoggingEnabled": target}
        self.s3.put_bucket_logging(Bucket=other, BucketLoggingStatus=enabled)
        found = self.s3.get_bucket_logging(Bucket=other)["LoggingEnabled"]
        self.assertEqual(found["TargetBucket"], self.bucket)

    def test_the_list_of_tags_is_a_regions_own(self):
        tags = {"TagSet": [{"Key": "of", "Value": self.bucket}]}
        self.s3.put_bucket_tagging(Bucket=self.bucket, Tagging=tags)
        filters = [{"Key": "of", "Values": [self.bucket]}]
        for region, count in (("us-east-1", 1), ("eu-west-1", 0)):
            tagging = self.server.client("resourcegroupstaggingapi", region=region)
            found = tagging.get_resources(TagFilters=filters)["ResourceTagMappingList"]
            self.assertEqual(len(found), count, region)

    @no_gap
    def test_keys_with_odd_characters_and_empty_bodies(self):
        for key in ("a b+c/ü&?.json", "trailing/", "//double"):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"")
            found = self.s3.get_object(Bucket=self.bucket, Key=key)
            self.assertEqual(found["Body"].read(), b"")
            self.assertEqual(self.s3.head_object(Bucket=self.bucket, Key=key)["ContentLength"], 0)
