"""GuardDuty's gaps."""

import unittest

from support import ACCOUNT, REGION, SandboxTest, closes_gaps


@closes_gaps
class Detectors(SandboxTest):
    def setUp(self):
        super().setUp()
        self.guardduty = self.aws("guardduty")
        for found in self.guardduty.list_detectors()["DetectorIds"]:
            self.guardduty.delete_detector(DetectorId=found)

    def create(self, **options):
        """Makes a detector; answers its id."""
        return self.guardduty.create_detector(Enable=True, **options)["DetectorId"]

    def test_a_second_one(self):
        first = self.create(ClientToken="one")
        said = self.refused("BadRequestException", self.create, ClientToken="two")
        self.assertIn("a detector already exists for the current account", said)
        self.assertEqual(self.create(ClientToken="one"), first)
        self.guardduty.delete_detector(DetectorId=first)
        self.create(ClientToken="two")

    def test_one_that_is_not_there(self):
        call = self.guardduty.delete_detector
        said = self.refused("BadRequestException", call, DetectorId="0" * 32)
        self.assertIn("not owned by the current account", said)

    def test_tags(self):
        made = self.create(Tags={"a": "1", "b": "2"})
        arn = f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/{made}"
        self.guardduty.tag_resource(ResourceArn=arn, Tags={"b": "3", "c": "4"})
        self.guardduty.untag_resource(ResourceArn=arn, TagKeys=["a"])
        expected = {"b": "3", "c": "4"}
        self.assertEqual(self.guardduty.get_detector(DetectorId=made)["Tags"], expected)
        listed = self.guardduty.list_tags_for_resource(ResourceArn=arn)["Tags"]
        self.assertEqual(listed, expected)


if __name__ == "__main__":
    unittest.main()
