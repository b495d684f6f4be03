"""The gaps of DynamoDB's tags."""

import time
import unittest

from support import closes_gaps, until
from test_tables import OnScale, Untimed, code


@closes_gaps
class Tags(Untimed):
    def tag(self, arn, **tags):
        """Writes these tags."""
        wanted = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.tables.tag_resource(ResourceArn=arn, Tags=wanted)

    def tags(self, arn):
        """The tags that are told of."""
        listed = self.tables.list_tags_of_resource(ResourceArn=arn)["Tags"]
        return [(tag["Key"], tag["Value"]) for tag in listed]

    def test_two_changes_in_a_row(self):
        name = self.table()
        arn = self.arn(name)
        began = time.monotonic()
        self.tag(arn, a="1")
        untag = {"ResourceArn": arn, "TagKeys": ["a"]}
        message = self.refused("LimitExceededException", self.tables.untag_resource, **untag)
        self.assertIn(f"Table tags are being updated: {name}", message)
        refused = self.refused("LimitExceededException", self.tag, arn=arn, b="1")
        self.assertEqual(refused, message)
        self.refused("ResourceInUseException", self.tables.delete_table, TableName=name)
        # The same call again, and one that contains it.
        self.tag(arn, a="1")
        self.tag(arn, a="1", b="2")
        until(lambda: not code(self.tables.untag_resource, **untag))
        self.assertGreater(time.monotonic() - began, 1.5)
        self.assertEqual(self.tags(arn), [("b", "2")])

    def test_a_value_is_replaced(self):
        arn = self.arn(self.table(Tags=[{"Key": "a", "Value": "1"}]))
        self.tag(arn, a="2")
        self.assertEqual(self.tags(arn), [("a", "2")])

    def test_too_many_and_wrong_ones(self):
        many = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
        self.refused("ValidationException", self.table, Tags=many)
        arn = self.arn(self.table(Tags=many[:50]))
        message = self.refused("ValidationException", self.tag, arn=arn, more="1")
        self.assertIn("Number of Tags exceed the current limit", message)
        for key in ("aws:x", "a#b", "k" * 129):
            wrong = [{"Key": key, "Value": "v"}]
            self.refused("ValidationException", self.table, Tags=wrong)


class TagsInTime(OnScale):
    def test_of_a_table_in_the_making(self):
        tag = {"Key": "a", "Value": "1"}
        name = self.table(Tags=[tag])
        arn, tags = self.arn(name), self.tables.list_tags_of_resource
        self.assertEqual(code(tags, ResourceArn=arn), "ResourceNotFoundException")
        self.active(name)
        self.assertEqual(tags(ResourceArn=arn)["Tags"], [tag])

    def test_tags_are_seen_later(self):
        name = self.table()
        self.active(name)
        arn, tag = self.arn(name), [{"Key": "a", "Value": "1"}]
        self.tables.tag_resource(ResourceArn=arn, Tags=tag)
        tags = self.tables.list_tags_of_resource
        self.assertEqual(tags(ResourceArn=arn)["Tags"], [])
        until(lambda: tags(ResourceArn=arn)["Tags"] == tag)
        self.tables.delete_table(TableName=name)
        until(lambda: code(tags, ResourceArn=arn) == "ResourceNotFoundException")
        self.assertEqual(self.described(name)["TableStatus"], "DELETING")


if __name__ == "__main__":
    unittest.main()
