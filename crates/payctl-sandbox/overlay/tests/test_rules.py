"""The rules that AWS's models lack: each has a planted fault, and its words in the reference."""

import os
import re
import sys
import unittest

import boto3
import faults_data
import faults_networks
import faults_services
from botocore.config import Config
from botocore.exceptions import ClientError
from support import CLIENT, REGION, shared
from test_call import environ_of

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from moto.core.utils import get_service_model  # noqa: E402

from payctl_sandbox.strict import rules, shapes  # noqa: E402
from payctl_sandbox.strict.call import MODELS, understand  # noqa: E402
from payctl_sandbox.strict.refusal import Refusal  # noqa: E402
from payctl_sandbox.strict.rules.rule import find  # noqa: E402

FAULTS = faults_networks.FAULTS + faults_data.FAULTS + faults_services.FAULTS
UNCHECKED = CLIENT.merge(Config(parameter_validation=False))


def faulty(good, change):
    """The request with its fault."""
    return {name: value for name, value in {**good, **change}.items() if value is not None}


def read(service, operation, parameters):
    """The request, as the server reads it."""
    model = get_service_model(service)
    return understand(*environ_of(model, model.operation_model(operation), parameters))


class Rules(unittest.TestCase):
    def test_planted_faults_are_refused(self):
        clients = {}
        for service, operation, good, change, code in FAULTS:
            client = clients.setdefault(service, self.client(service))
            with self.subTest(f"{service}.{operation}", fault=str(change)[:60]):
                with self.assertRaises(ClientError) as caught:
                    client._make_api_call(operation, faulty(good, change))
                self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def test_without_a_fault_they_pass(self):
        for service, operation, good, _, _ in FAULTS:
            with self.subTest(f"{service}.{operation}"):
                call = read(service, operation, good)
                shapes.check(call)
                rules.check(call)

    def test_every_rule_has_a_planted_fault(self):
        every = {id(rule): rule for found in rules.RULES.values() for rule in found}
        for service, operation, good, change, _ in FAULTS:
            call = read(service, operation, faulty(good, change))
            for rule in rules.RULES.get((call.service, call.operation), ()):
                if any(rule.broken(value) for value in find(call.parameters, rule.member)):
                    every.pop(id(rule), None)
        self.assertEqual([(rule.operations, rule.fact) for rule in every.values()], [])

    def test_the_reference_has_the_words(self):
        models = {name: MODELS.get(name, name) for name in rules.TABLES}
        for name, table in rules.TABLES.items():
            service = get_service_model(models[name])
            for rule in table:
                for operation in rule.operations.split():
                    self.assertIn(operation, service.operation_names)
                operation = rule.operations.split()[0]
                with self.subTest(f"{name}.{operation}", member=rule.member):
                    said = documentation(service.operation_model(operation), rule.member)
                    for words in rule.documented:
                        self.assertIn(words, said)

    def test_codes_of_tags_are_declared_by_the_models(self):
        framework = {"ValidationException", "ValidationError", "BadRequestException"}
        assumed = {
            # Their models declare nothing for it.
            "ec2": {"InvalidParameterValue", "TagLimitExceeded"},
            "rds": {"InvalidParameterValue"},
            "s3": {"InvalidTag", "BadRequest"},
            "sqs": {"InvalidParameterValue"},
            "events": {"LimitExceededException"},
        }
        for name, codes in rules.tags.CODES.items():
            service = get_service_model(MODELS.get(name, name))
            declared = {shape.error_code for shape in service.error_shapes}
            with self.subTest(name):
                left = set(codes) - declared - framework - assumed.get(name, set())
                self.assertEqual(left, set())

    def client(self, service):
        """A client that checks nothing itself."""
        return boto3.client(
            service,
            endpoint_url=shared().endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=UNCHECKED,
        )


def documentation(operation, member):
    """What the reference says of a member, without its mark-up."""
    shape, said = operation.input_shape, ""
    for part in member.split(".") if member else ():
        if part == "*":
            shape = shape.member
            continue
        model = shape._shape_model["members"][part]
        shape = shape.members[part]
        said = model.get("documentation", "") or shape.documentation
        said += shape._shape_resolver.get_shape_by_name(model["shape"]).documentation
    return " ".join(re.sub(r"<[^>]+>", " ", said).split())


class Refusing(unittest.TestCase):
    def test_a_refusal_says_the_value(self):
        call = read(
            "elbv2", "CreateLoadBalancer", {**faults_networks.BALANCER, "Name": "internal-x"}
        )
        with self.assertRaisesRegex(Refusal, "'internal-x' cannot begin with"):
            rules.check(call)


if __name__ == "__main__":
    unittest.main()
