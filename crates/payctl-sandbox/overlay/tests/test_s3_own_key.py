"""S3's own key, which `aws:kms` without a key asks for."""

import unittest

from support import closes_gaps, no_gap
from test_s3 import KMS, BucketTest


@closes_gaps
class OwnKey(BucketTest):
    def setUp(self):
        super().setUp()
        self.key = self.aws("kms").create_key()["KeyMetadata"]["Arn"]
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        self.s3.put_bucket_encryption(
            Bucket=self.bucket, ServerSideEncryptionConfiguration=rules
        )

    def key_of(self, key="key"):
        """The key that the object is encrypted with."""
        return self.s3.head_object(Bucket=self.bucket, Key=key)["SSEKMSKeyId"]

    def test_it_bypasses_the_default(self):
        self.put(**KMS)
        of_aws = self.aws("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
        self.assertEqual(self.key_of(), of_aws["Arn"])
        self.assertEqual(of_aws["KeyManager"], "AWS")
        upload = {"Bucket": self.bucket, "Key": "parts"}
        number = self.s3.create_multipart_upload(**upload, **KMS)["UploadId"]
        part = self.s3.upload_part(**upload, UploadId=number, PartNumber=1, Body=b"a")
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        self.s3.complete_multipart_upload(**upload, UploadId=number, MultipartUpload=parts)
        self.assertEqual(self.key_of("parts"), of_aws["Arn"])

    @no_gap
    def test_the_default_and_a_key_that_is_named(self):
        self.put()
        self.assertEqual(self.key_of(), self.key)
        other = self.aws("kms").create_key()["KeyMetadata"]["Arn"]
        self.put(**KMS, SSEKMSKeyId=other)
        self.assertEqual(self.key_of(), other)


if __name__ == "__main__":
    unittest.main()
