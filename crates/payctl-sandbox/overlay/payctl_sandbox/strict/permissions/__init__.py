"""Every call is authorised as AWS would: by who calls, and what all policies say of it.

`authorise` is asked before moto sees the call. What a call needs is in `actions`, `resources`,
`keys` and `delegation`; who asks in `caller`; the decision in `evaluate`; AWS's words in `words`.
"""

import json
from urllib.parse import quote

from moto.core import DEFAULT_ACCOUNT_ID

from ...conditions import PolicyError
from . import (
    actions,
    arns,
    caller,
    delegation,
    documents,
    endpoints,
    evaluate,
    keys,
    lookups,
    resources,
    tags,
    words,
)
from .caller import ADMINISTRATOR, UnknownToken, operator, place_of, sessions, used
from .context import Context
from .needs import Need

__all__ = ["Permissions", "allowed_by", "lookups", "needed", "operator", "place_of", "sessions"]


class UnknownAction(PolicyError):
    """An operation whose action neither the reference nor a table here has."""


class Permissions:
    """The check of every call."""

    def told(self):
        """What was asked for and allowed: by principal, action and resource, how often."""
        told = {}
        for (principal, action, resource), count in sorted(used.items()):
            told.setdefault(principal, {}).setdefault(action, {})[resource] = count
        return told

    def let_operator(self, policies, key=None):
        """Lets the operator have a policy, a list of them, or (None) every right; with one access
        key only, where one is named."""
        for each in policies if isinstance(policies, list) else [policies]:
            if each is not None:
                documents.understood(json.dumps(each))
        operator.let(policies, key)

    def authorise(self, call, environ):
        """Raises the refusal that AWS would answer; called under the lock."""
        if call.key is None or call.operation == "Unknown":
            # Anonymous calls are S3's, and moto decides on them.
            return
        call.path = environ.get("RAW_URI") or environ.get("PATH_INFO", "/")
        call.path = call.path.partition("?")[0]
        call.agent = environ.get("HTTP_USER_AGENT", "")
        call.method = environ.get("REQUEST_METHOD", "GET")
        place = place_of(call.region, DEFAULT_ACCOUNT_ID)
        service = actions.prefix(call)
        try:
            who = caller.of(call.key, place)
            documents.check(call, service)
            for need in needed(call, service, place):
                self._check(call, who, need, place)
            delegation.make_linked(call, service, place)
        except UnknownAction as error:
            # Who may do everything may do this as well.
            if who.policies != [ADMINISTRATOR]:
                raise words.not_understood(error) from error
        except UnknownToken:
            raise words.unknown_token(call) from None
        except PolicyError as error:
            raise words.not_understood(error) from error

    def _check(self, call, who, need, place):
        endpoint = None if need.via else endpoints.on_the_way(who, _service(need), place)
        more = {"endpoint.id": endpoint.id, "endpoint.vpc": endpoint.vpc_id} if endpoint else {}
        for kind, resource in need.resources:
            context = Context(call, who, need, kind, resource, place)
            context.worked_out.update(more)
            policies = evaluate.Policies(
                who.policies,
                lookups.policy_of(place, resource, need.action),
                who.boundary,
                who.session_policies,
                endpoints.policy(endpoint) if endpoint else None,
            )
            why = evaluate.decide(who, policies, need.action, resource, context, place)
            if why is not None:
                refused = words.denied(call, who, need, resource, why)
                print(f"{call.service}.{call.operation}: {refused.message}", flush=True)
                raise refused
            used[(who.principal_arn, need.action, resource)] += 1


def _service(need):
    return need.action.partition(":")[0]


def needed(call, service, place):
    """Everything that a call needs, in the order in which it is asked for."""
    if service == "apigateway":
        own = [_of_api_gateway(call, place)]
    elif (service, call.operation) == ("sts", "AssumeRole"):
        # Decided by the role's trust policy as well.
        own = _assume_role(call, place)
    else:
        own = []
        for name, parameters in actions.of(call):
            if not actions.known(service, name):
                raise UnknownAction(f"which action {service}'s {call.operation} needs")
            found = resources.of(call, service, name, parameters, place)
            own.append(Need(f"{service}:{name}", found))
    return (
        own
        + _tagging(call, service, place)
        + delegation.of(call, service, place)
        + keys.of(call, service, place)
    )


def _of_api_gateway(call, place):
    """API Gateway's actions are HTTP's verbs, on its paths (API Gateway developer guide, "Control
    access for managing an API")."""
    return Need(f"apigateway:{call.method}", resources.of(call, "apigateway", "", {}, place))


def _tagging(call, service, place):
    """The service's own action for tags that come along."""
    if service == "apigateway":
        return _api_gateway_tags(call, place)
    name = actions.tagging(call)
    if name is None:
        return []
    if service == "ec2":
        # On what is made and tagged, under the name of what makes it.
        kinds = dict.fromkeys(
            each.get("ResourceType", "") for each in call.parameters.get("TagSpecifications", ())
        )
        made = {"ec2:createaction": call.operation}
        tagged = tuple((kind, place.arn("ec2", f"{kind}/*")) for kind in kinds if kind)
        return [Need("ec2:CreateTags", tagged or (("", "*"),), made)]
    if service == "elasticloadbalancing":
        made = {"elasticloadbalancing:createaction": call.operation}
        arn = arns.made_for_balancing(call, place)
        return [Need(f"{service}:{name}", (("", arn),), made)]
    return [Need(f"{service}:{name}", resources.of(call, service, name, call.parameters, place))]


def _api_gateway_tags(call, place):
    """Tags at creation: REST APIs want PUT on the tags of what is to be made, HTTP APIs' stages and
    VPC links an action that the reference does not have, on what they are made in.

    "…not authorized to perform: apigateway:PUT on resource: arn:aws:apigateway:REGION::/tags/
    arn%3Aaws%3Aapigateway%3AREGION%3A%3A%2Frestapis%2F*" (mattclay/aws-terminator#284, 2023), and
    "…apigateway:TagResource on resource: arn:aws:apigateway:REGION::/apis/ID/stages", or /vpclinks
    (cloudtools/awacs#254, 2022, and deployments of 2026; rights on /tags/ do not help there). What
    an HTTP API itself needs is not known: nothing is asked for.
    """
    if not call.operation.startswith("Create") or not tags.of_request(call):
        return []
    made_in = resources.of(call, "apigateway", "", {}, place)
    if call.service == "apigateway":
        name = quote(f"{made_in[0][1]}/*", safe="*")
        arn = place.arn("apigateway", f"/tags/{name}", account="")
        return [Need("apigateway:PUT", (("Tags", arn),))]
    if call.operation in ("CreateStage", "CreateVpcLink"):
        return [Need("apigateway:TagResource", made_in)]
    return []


def _assume_role(call, place):
    arn = call.parameters.get("RoleArn", "")
    return [Need("sts:AssumeRole", (("role", arn),))] if lookups.role(place, arn) else []


def allowed_by(role, action, arn, place, key_policy=None, context=None):
    """Whether the role itself may do this, as a service asks that acts as the role."""
    who = caller.of_role(place, role, "service")
    policies = evaluate.Policies(who.policies, key_policy, who.boundary)
    if evaluate.decide(who, policies, action, arn, context or {}, place) is not None:
        return False
    used[(who.principal_arn, action, arn)] += 1
    return True
