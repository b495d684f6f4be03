"""S3's object keys that XML cannot carry."""

import unittest

from support import closes_gaps, no_gap
from test_s3 import BucketTest

ODD = "a\x10b"


@closes_gaps
class OddKeys(BucketTest):
    def delete(self, *keys):
        """Deletes objects in one call."""
        objects = [{"Key": key} for key in keys]
        return self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects})

    def versions(self):
        """The keys of all versions. boto3 asks for them in another writing, and reads that."""
        listed = self.s3.list_object_versions(Bucket=self.bucket)
        return [each["Key"] for each in listed.get("Versions", ())]

    def test_many_are_not_deleted_at_once(self):
        for key in (ODD, "plain"):
            self.put(key)
        with self.assertRaises(self.s3.exceptions.ClientError) as refused:
            self.delete(ODD, "plain")
        self.assertEqual(refused.exception.response["Error"]["Code"], "MalformedXML")
        self.assertEqual(self.versions(), [ODD, "plain"])
        self.s3.delete_object(Bucket=self.bucket, Key=ODD)
        self.delete("plain")
        self.assertEqual(self.versions(), [])

    def test_versions_and_uploads_are_listed_in_another_writing(self):
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        self.put(ODD)
        self.s3.delete_object(Bucket=self.bucket, Key=ODD)
        listed = self.s3.list_object_versions(Bucket=self.bucket, Prefix="a\x10")
        self.assertEqual([each["Key"] for each in listed["Versions"]], [ODD])
        self.assertEqual([each["Key"] for each in listed["DeleteMarkers"]], [ODD])
        self.assertEqual(listed["Prefix"], "a\x10")
        self.s3.create_multipart_upload(Bucket=self.bucket, Key="a(1)")
        listed = self.s3.list_multipart_uploads(Bucket=self.bucket, EncodingType="url")
        self.assertEqual([each["Key"] for each in listed["Uploads"]], ["a%281%29"])

    @no_gap
    def test_others_are_deleted_at_once(self):
        self.put("plain & <odd>")
        self.delete("plain & <odd>")
        self.assertEqual(self.versions(), [])


if __name__ == "__main__":
    unittest.main()
