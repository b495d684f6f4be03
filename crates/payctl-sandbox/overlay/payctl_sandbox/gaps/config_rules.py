"""AWS Config: rules need a recorder, keep their tags and scope, and take a while to go."""

from moto.config.exceptions import NoSuchConfigRuleException, ResourceInUseException
from moto.config.models import ConfigBackend, Scope, config_backends
from moto.core.exceptions import JsonRESTError

from ..clock import clock, later
from ..patching import replace

# AWS seconds.
DELETED = 30


@replace(Scope, "__init__")
def initialise(original, self, *arguments, tag_key=None, tag_value=None, **options):
    original(self, *arguments, tag_key=tag_key, tag_value=tag_value, **options)
    # As they are answered; moto has them as one under a name that AWS does not have.
    self.tags, self.tag_key, self.tag_value = None, tag_key, tag_value


@replace(ConfigBackend, "put_config_rule")
def put_config_rule(original, self, config_rule, tags=None):
    if not self.recorders:
        raise JsonRESTError(
            "NoAvailableConfigurationRecorderException",
            "Configuration recorder is not available to put config rule.",
        )
    known = self.config_rules.get(config_rule.get("ConfigRuleName"))
    kept = known.tags if known else None
    answer = original(self, config_rule, tags)
    if known:
        # Only the first call sets them.
        known.tags = kept
    return answer


@replace(ConfigBackend, "describe_config_rules")
def describe_config_rules(original, self, config_rule_names, next_token):
    if config_rule_names and not self.config_rules:
        raise NoSuchConfigRuleException(config_rule_names[0])
    return original(self, config_rule_names, next_token)


@replace(ConfigBackend, "delete_config_rule")
def delete_config_rule(original, self, rule_name):
    rule = self.config_rules.get(rule_name)
    if rule and rule.config_rule_state == "DELETING":
        raise ResourceInUseException(
            f"The rule {rule_name} is currently being deleted.  Please retry after some time"
        )
    original(self, rule_name)
    if clock.timed:
        self.config_rules[rule_name] = rule
        later.schedule(DELETED, rule_gone, self.account_id, self.region_name, rule_name)


@later.effect
def rule_gone(account, region, name):
    config_backends[account][region].config_rules.pop(name, None)
