"""S3's lifecycle rules: from which size on they move objects."""

import unittest

from support import closes_gaps
from test_s3 import BucketTest

SIZE = "TransitionDefaultMinimumObjectSize"


@closes_gaps
class Sizes(BucketTest):
    def rules(self, **options):
        """Sets a rule, and answers what that was answered."""
        rule = {
            "ID": "archive",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
        }
        return self.s3.put_bucket_lifecycle_configuration(
            Bucket=self.bucket, LifecycleConfiguration={"Rules": [rule]}, **options
        )

    def test_it_is_kept(self):
        self.assertEqual(self.rules()[SIZE], "all_storage_classes_128K")
        varies = {SIZE: "varies_by_storage_class"}
        self.assertEqual(self.rules(**varies)[SIZE], varies[SIZE])
        found = self.s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)
        self.assertEqual(found[SIZE], varies[SIZE])
        self.rules()
        found = self.s3.get_bucket_lifecycle_configuration(Bucket=self.bucket)
        self.assertEqual(found[SIZE], "all_storage_classes_128K")


if __name__ == "__main__":
    unittest.main()
