"""AWS Config's gaps, and what takes time."""

import time
import unittest
import uuid

from support import SandboxTest, Server, closes_gaps, until

# Unlike the others it takes no parameters.
SOURCE = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"}


def record(config):
    """Sets up a recorder."""
    role = "arn:aws:iam::123456789012:role/config"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})


def put(config, name, description="", tags=(), **more):
    """Makes or changes a rule."""
    rule = {"ConfigRuleName": name, "Description": description, "Source": SOURCE, **more}
    config.put_config_rule(ConfigRule=rule, Tags=list(tags))


def rule(config, name):
    """The rule of that name."""
    return config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"][0]


@closes_gaps
class Rules(SandboxTest):
    def setUp(self):
        super().setUp()
        self.config = self.aws("config")
        # Another test may have left one.
        for found in self.config.describe_configuration_recorders()["ConfigurationRecorders"]:
            self.config.delete_configuration_recorder(ConfigurationRecorderName=found["name"])
        for found in self.config.describe_config_rules()["ConfigRules"]:
            self.config.delete_config_rule(ConfigRuleName=found["ConfigRuleName"])

    def test_a_rule_without_a_recorder(self):
        arguments = {"config": self.config, "name": "early"}
        self.refused("NoAvailableConfigurationRecorderException", put, **arguments)
        record(self.config)
        put(**arguments)

    def test_a_rule_where_there_is_none(self):
        arguments = {"config": self.config, "name": "none"}
        self.refused("NoSuchConfigRuleException", rule, **arguments)

    def test_tags_are_set_once(self):
        record(self.config)
        put(self.config, "tagged", tags=[{"Key": "a", "Value": "1"}])
        put(self.config, "tagged", "another", tags=[{"Key": "b", "Value": "2"}])
        seen = rule(self.config, "tagged")
        self.assertEqual(seen["Description"], "another")
        tags = self.config.list_tags_for_resource(ResourceArn=seen["ConfigRuleArn"])["Tags"]
        self.assertEqual(tags, [{"Key": "a", "Value": "1"}])

    def test_the_tag_of_a_scope(self):
        record(self.config)
        scope = {"TagKey": "Environment", "TagValue": "test"}
        put(self.config, "scoped", Scope=scope)
        self.assertEqual(rule(self.config, "scoped")["Scope"], scope)


class RulesInTime(unittest.TestCase):
    SCALE = 100

    def test_a_deletion(self):
        server = Server(time_scale=self.SCALE)
        self.addCleanup(server.close)
        config = server.client("config")
        record(config)
        name = f"rule-{uuid.uuid4()}"
        put(config, name)
        began = time.monotonic()
        config.delete_config_rule(ConfigRuleName=name)
        self.assertEqual(rule(config, name)["ConfigRuleState"], "DELETING")
        in_use = config.exceptions.ResourceInUseException
        with self.assertRaises(in_use):
            config.delete_config_rule(ConfigRuleName=name)
        with self.assertRaises(in_use):
            put(config, name)

        def gone():
            try:
                return not rule(config, name)
            except config.exceptions.NoSuchConfigRuleException:
                return True

        until(gone)
        self.assertGreaterEqual((time.monotonic() - began) * self.SCALE, 27)
        put(config, name)


if __name__ == "__main__":
    unittest.main()
