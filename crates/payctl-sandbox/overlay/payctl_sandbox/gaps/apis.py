"""API Gateway: what moto cannot change, does not refuse, or leaves out of its answers."""

import json
import time
from urllib.parse import unquote

from moto.apigateway import urls
from moto.apigateway.exceptions import (
    BadRequestException,
    ConflictException,
    GatewayResponseNotFound,
    StageStillActive,
)
from moto.apigateway.models import APIGatewayBackend, RestAPI
from moto.apigateway.responses import APIGatewayResponse
from moto.iam.exceptions import IAMException
from moto.iam.models import iam_backends

from ..patching import replace
from .iam import trusts

SERVICE = "apigateway.amazonaws.com"


# What is there already


@replace(APIGatewayBackend, "create_resource")
def create_resource(original, self, function_id, parent_resource_id, path_part):
    api = self.get_rest_api(function_id)
    self.get_resource(function_id, parent_resource_id)
    if any(
        (there.parent_id, there.path_part) == (parent_resource_id, path_part)
        for there in api.resources.values()
    ):
        raise ConflictException(
            f"Another resource with the same parent already has this name: {path_part}"
        )
    return original(self, function_id, parent_resource_id, path_part)


@replace(APIGatewayBackend, "put_method")
def put_method(original, self, function_id, resource_id, method_type, *more, **options):
    if method_type in self.get_resource(function_id, resource_id).resource_methods:
        raise ConflictException("Method already exists for this resource")
    return original(self, function_id, resource_id, method_type, *more, **options)


@replace(APIGatewayBackend, "create_model")
def create_model(original, self, rest_api_id, name, *more, **options):
    if name in self.get_rest_api(rest_api_id).models:
        raise ConflictException("Model name already exists for this REST API")
    return original(self, rest_api_id, name, *more, **options)


# Changes


def _update_method(self):
    _, _, api, _, resource, _, name = self.path.split("/")
    method = self.backend.get_method(api, resource, name)
    for operation in self._get_param("patchOperations"):
        _patch_method(method, operation)
    return json.dumps(method.to_json())


def _patch_method(method, operation):
    name, _, key = operation["path"].lstrip("/").partition("/")
    key, value = key.replace("~1", "/").replace("~0", "~"), operation.get("value")
    if name in ("requestModels", "requestParameters"):
        field = "request_models" if name == "requestModels" else "request_parameters"
        held = dict(getattr(method, field) or {})
        if operation["op"] == "remove":
            held.pop(key, None)
        else:
            held[key] = value if name == "requestModels" else value == "true"
        setattr(method, field, held)
    elif name == "authorizationType":
        method.authorization_type = value
    elif name == "apiKeyRequired":
        method.api_key_required = value == "true"
    elif name == "requestValidatorId":
        method.request_validator_id = value
    else:
        raise BadRequestException(f"Invalid patch path {operation['path']}")


def _update_model(self):
    _, _, api, _, name = self.path.split("/")
    model = self.backend.get_model(api, name)
    for operation in self._get_param("patchOperations"):
        field = operation["path"].lstrip("/")
        if field not in ("description", "schema"):
            raise BadRequestException(f"Invalid patch path {operation['path']}")
        setattr(model, field, operation.get("value"))
    return json.dumps(model.to_json())


APIGatewayResponse.update_method = _update_method
APIGatewayResponse.update_model = _update_model


@replace(RestAPI, "apply_patch_operations")
def apply_patch_operations(original, self, patch_operations):
    original(self, patch_operations)
    # moto takes any text for true.
    for operation in patch_operations:
        if operation["path"] == "/disableExecuteApiEndpoint":
            self.disableExecuteApiEndpoint = operation["value"] == "true"


# Tags of an API; moto has those of stages only.

urls.url_paths[
    "{0}/tags/arn:(?P<partition>[^/]+):apigateway:(?P<region_name>[^/]+)::"
    "/restapis/(?P<function_id>[^/]+)$"
] = APIGatewayResponse.dispatch


def _tagged_api(response):
    """The API whose tags the call is about; None when it is about a stage's."""
    _, _, arn = unquote(response.path).partition("/tags/")
    parts = arn.split("/")
    return response.backend.get_rest_api(parts[2]) if len(parts) == 3 else None


@replace(APIGatewayResponse, "get_tags")
def get_tags(original, self):
    api = _tagged_api(self)
    return json.dumps({"tags": api.tags}) if api else original(self)


@replace(APIGatewayResponse, "tag_resource")
def tag_resource(original, self):
    api = _tagged_api(self)
    if api is None:
        return original(self)
    api.tags = {**(api.tags or {}), **self._get_param("tags")}
    return "{}"


@replace(APIGatewayResponse, "untag_resource")
def untag_resource(original, self):
    api = _tagged_api(self)
    if api is None:
        return original(self)
    gone = self.querystring.get("tagKeys") or []
    api.tags = {key: value for key, value in (api.tags or {}).items() if key not in gone}
    return "{}"


# Deployments


@replace(RestAPI, "create_deployment")
def create_deployment(original, self, name, *arguments, **options):
    # A stage that is there serves the new deployment, and stays as it is otherwise (API Gateway
    # developer guide, "Set up a stage for a REST API": redeploying to a stage).
    stage = self.stages.get(name)
    deployment = original(self, name, *arguments, **options)
    if stage is not None:
        stage.deployment_id = deployment.id
        self.stages[name] = stage
    # What it serves from now on, however the API changes.
    deployment.served = {}
    for resource in self.resources.values():
        for name, method in resource.resource_methods.items():
            served = _served(self, method)
            deployment.served.setdefault(resource.get_path(), {})[name] = served
    deployment.responses = {
        kind: response.to_json() for kind, response in self.gateway_responses.items()
    }
    return deployment


def _served(api, method):
    validator = api.request_validators.get(method.request_validator_id)
    models = (method.request_models or {}).items()
    integration = method.method_integration
    return {
        "authorization": method.authorization_type,
        "api_key": bool(method.api_key_required),
        "validates_body": bool(validator and validator.validate_request_body),
        "schemas": {kind: api.models[name].schema for kind, name in models if name in api.models},
        "integration": integration and integration.integration_type,
        "uri": integration and integration.uri,
        "timeout": (integration and int(integration.timeout_in_millis or 0)) or 29_000,
    }


@replace(APIGatewayResponse, "get_deployment")
def get_deployment(original, self):
    answer = json.loads(original(self))
    if "apisummary" in self.querystring.get("embed", []):
        _, _, api, _, deployment = self.path.split("/")
        made = self.backend.get_deployment(api, deployment)
        answer["apiSummary"] = {
            path: {
                name: {
                    "authorizationType": served["authorization"],
                    "apiKeyRequired": served["api_key"],
                }
                for name, served in methods.items()
            }
            for path, methods in getattr(made, "served", {}).items()
        }
    return json.dumps(answer)


@replace(RestAPI, "delete_deployment")
def delete_deployment(original, self, deployment_id):
    if any(stage.deployment_id == deployment_id for stage in self.stages.values()):
        raise StageStillActive
    return original(self, deployment_id)


# Logs


@replace(APIGatewayBackend, "update_account")
def update_account(original, self, patch_operations):
    for operation in patch_operations:
        if operation["path"] == "/cloudwatchRoleArn" and not _assumable(self, operation["value"]):
            raise BadRequestException(
                "The role ARN does not have required permissions configured. Please grant trust "
                "permission for API Gateway and add the required role policy."
            )
    return original(self, patch_operations)


def _assumable(self, arn):
    try:
        role = iam_backends[self.account_id][self.partition].get_role_by_arn(arn)
    except IAMException:
        return False
    return time.time() >= getattr(role, "visible_at", 0) and trusts(role, SERVICE)


@replace(APIGatewayBackend, "update_stage")
def update_stage(original, self, function_id, stage_name, patch_operations):
    logs = any(
        operation["path"].startswith("/accessLogSettings/")
        or (operation["path"].endswith("/logging/loglevel") and operation["value"] != "OFF")
        for operation in patch_operations
        if operation["op"] != "remove"
    )
    if logs and not self.account.cloudwatch_role_arn:
        raise BadRequestException(
            "CloudWatch Logs role ARN must be set in account settings to enable logging"
        )
    return original(self, function_id, stage_name, patch_operations)


# What API Gateway answers by itself


@replace(APIGatewayResponse, "get_gateway_response")
def get_gateway_response(original, self):
    try:
        return original(self)
    except GatewayResponseNotFound:
        # Of what nobody set there is API Gateway's own (botocore, GetGatewayResponses).
        own = {
            "responseType": self.path.split("/")[-1],
            "defaultResponse": True,
            "responseParameters": {},
            "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
        }
        return 200, {}, json.dumps(own)
