"""API Gateway: what is gone is absent, where moto fails with an internal error or says otherwise."""

from moto.apigateway.exceptions import DeploymentNotFoundException, NotFoundException
from moto.apigateway.models import APIGatewayBackend, RestAPI

from ..patching import replace


class Gone(NotFoundException):
    """What the identifier names is not there."""

    code = 404

    def __init__(self, what):
        super().__init__(f"Invalid {what} identifier specified")


@replace(APIGatewayBackend, "delete_rest_api")
def delete_rest_api(original, self, function_id):
    self.get_rest_api(function_id)
    return original(self, function_id)


@replace(APIGatewayBackend, "delete_resource")
def delete_resource(original, self, function_id, resource_id):
    self.get_resource(function_id, resource_id)
    return original(self, function_id, resource_id)


@replace(APIGatewayBackend, "delete_integration")
def delete_integration(original, self, function_id, resource_id, method_type):
    if self.get_integration(function_id, resource_id, method_type) is None:
        raise Gone("Integration")
    return original(self, function_id, resource_id, method_type)


@replace(RestAPI, "get_deployment")
def get_deployment(original, self, deployment_id):
    if deployment_id not in self.deployments:
        raise DeploymentNotFoundException
    return original(self, deployment_id)


@replace(RestAPI, "get_request_validator")
def get_request_validator(original, self, validator_id):
    if validator_id not in self.request_validators:
        raise Gone("Request Validator")
    return original(self, validator_id)


@replace(RestAPI, "delete_request_validator")
def delete_request_validator(original, self, validator_id):
    self.get_request_validator(validator_id)
    return original(self, validator_id)
