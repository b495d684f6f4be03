"""S3's object lock."""

import unittest

from support import closes_gaps, no_gap
from test_s3 import BucketTest


@closes_gaps
class Locks(BucketTest):
    def lock(self):
        """Lets the bucket lock what comes into it."""
        retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
        self.s3.put_object_lock_configuration(
            Bucket=self.bucket,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention},
        )

    def versions(self, status):
        """Whether versions are kept."""
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": status}
        )

    def test_a_bucket_with_objects_gets_one(self):
        self.versions("Enabled")
        before = self.put("before")["VersionId"]
        self.lock()
        after = self.put("after")["VersionId"]
        self.s3.delete_object(Bucket=self.bucket, Key="before", VersionId=before)
        one = {"Bucket": self.bucket, "Key": "after", "VersionId": after}
        self.refused("AccessDenied", self.s3.delete_object, **one)
        self.s3.delete_object(**one, BypassGovernanceRetention=True)

    def test_versions_are_kept_from_then_on(self):
        self.versions("Enabled")
        self.lock()
        self.refused("InvalidBucketState", self.versions, status="Suspended")

    @no_gap
    def test_versions_have_to_be_kept(self):
        self.refused("InvalidBucketState", self.lock)


if __name__ == "__main__":
    unittest.main()
