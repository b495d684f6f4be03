"""API Gateway, version 2: what moto cannot change, does not refuse, or does not miss."""

import json
from urllib.parse import unquote

from moto.apigateway import urls
from moto.apigatewayv2.exceptions import APIGatewayV2Error, RouteNotFound
from moto.apigatewayv2.models import Api, ApiGatewayV2Backend
from moto.apigatewayv2.responses import ApiGatewayV2Response

from ..patching import replace


class ConflictException(APIGatewayV2Error):
    code = 409

    def __init__(self, message):
        super().__init__("ConflictException", message)


# What is there already, and what is in use


@replace(Api, "create_route")
def create_route(original, self, *arguments, **options):
    key = options["route_key"]
    if any(there.route_key == key for there in self.routes.values()):
        raise ConflictException(f"Route with key {key} already exists for this API")
    return original(self, *arguments, **options)


@replace(Api, "create_stage")
def create_stage(original, self, config):
    if config["stageName"] in self.stages:
        raise ConflictException("Stage already exists")
    return original(self, config)


@replace(Api, "delete_integration")
def delete_integration(original, self, integration_id):
    self.get_integration(integration_id)
    target = f"integrations/{integration_id}"
    routes = [there.route_id for there in self.routes.values() if there.target == target]
    if routes:
        raise ConflictException(
            "Cannot delete Integration because it is referenced by the following Routes with "
            f"Ids: [{', '.join(routes)}]"
        )
    return original(self, integration_id)


# What is gone


@replace(ApiGatewayV2Backend, "delete_api")
def delete_api(original, self, api_id):
    api = self.get_api(api_id)
    original(self, api_id)
    self.tagger.delete_all_tags_for_resource(api.arn)


@replace(Api, "delete_route")
def delete_route(original, self, route_id):
    if route_id not in self.routes:
        raise RouteNotFound(route_id)
    return original(self, route_id)


@replace(Api, "delete_stage")
def delete_stage(original, self, stage_name):
    self.get_stage(stage_name)
    return original(self, stage_name)


# Changes of a stage


def _update_stage(self):
    stage = _stage(self, self.path)
    config = json.loads(self.body)
    for name, value in config.items():
        field = FIELDS.get(name)
        if field == "default_route_settings":
            # What the call leaves out stays as it was.
            value = {**(stage.default_route_settings or {}), **value}
        if field:
            setattr(stage, field, value)
    return 200, {}, json.dumps(stage.to_json())


def _delete_access_log_settings(self):
    _stage(self, self.path).access_log_settings = None
    return 204, {}, ""


FIELDS = {
    "accessLogSettings": "access_log_settings",
    "autoDeploy": "auto_deploy",
    "defaultRouteSettings": "default_route_settings",
    "description": "description",
    "routeSettings": "route_settings",
    "stageVariables": "stage_variables",
}

ApiGatewayV2Response.update_stage = _update_stage
ApiGatewayV2Response.delete_access_log_settings = _delete_access_log_settings
# moto has copied version 2's paths to where it looks for both versions'.
STAGE = "/apis/(?P<api_id>[^/]+)/stages/(?P<stage_name>[^/]+)"
urls.url_paths[f"{{0}}/v2{STAGE}/accesslogsettings$"] = ApiGatewayV2Response.dispatch
urls.url_paths[f"{{0}}/v2/tags/(?P<resource_arn_pt1>[^/]+){STAGE}$"] = ApiGatewayV2Response.dispatch


def _stage(response, path):
    """The stage in a path such as `…/apis/ID/stages/NAME`."""
    _, _, place = path.partition("/apis/")
    api, _, name, *_ = place.split("/")
    return response.apigatewayv2_backend.get_stage(api, unquote(name))


# Tags of a stage; moto has those of APIs and VPC links only.


def _tagged_stage(response):
    """The stage whose tags the call is about; None when it is about something else's."""
    _, _, arn = unquote(response.path).partition("/tags/")
    return _stage(response, arn) if "/stages/" in arn else None


@replace(ApiGatewayV2Response, "get_tags")
def get_tags(original, self):
    stage = _tagged_stage(self)
    return (200, {}, json.dumps({"tags": stage.tags})) if stage else original(self)


@replace(ApiGatewayV2Response, "tag_resource")
def tag_resource(original, self):
    stage = _tagged_stage(self)
    if stage is None:
        return original(self)
    stage.tags = {**stage.tags, **json.loads(self.body).get("tags", {})}
    return 201, {}, "{}"


@replace(ApiGatewayV2Response, "untag_resource")
def untag_resource(original, self):
    stage = _tagged_stage(self)
    if stage is None:
        return original(self)
    gone = self.querystring.get("tagKeys") or []
    stage.tags = {key: value for key, value in stage.tags.items() if key not in gone}
    return 204, {}, ""
