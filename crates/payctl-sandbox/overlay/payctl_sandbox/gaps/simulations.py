"""IAM: SimulatePrincipalPolicy, which moto lacks: the decisions are those on real calls.

The answer's form is botocore's model of IAM. What is simulated is a user's or a role's policies with
its boundary, never a session's (IAM API reference, SimulatePrincipalPolicy: the source is a user,
group or role); each action on each resource, `*` where none is named. A page has 100 results
unless MaxItems says so (see there). Groups, policies that come with the request, and resources'
policies are not simulated here.
"""

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from ..strict.call import key_of
from ..strict.permissions import caller, evaluate, lookups, place_of

PAGE = 100
LEFT_OUT = (
    "PolicyInputList",
    "PermissionsBoundaryPolicyInputList",
    "ResourcePolicy",
    "CallerArn",
)


class InvalidInput(ServiceException):
    code = "InvalidInput"


class NoSuchEntity(ServiceException):
    code = "NoSuchEntity"


class Context(dict):
    """What a request is to say, by keys in lower case."""

    def __init__(self, query):
        super().__init__()
        for prefix, name in _members(query, "ContextEntries", ".ContextKeyName"):
            values = [text for _, text in _members(query, f"{prefix}.ContextKeyValues")]
            self[name.lower()] = values[0] if len(values) == 1 else values


def _members(query, name, below=""):
    """The places and values of a list in a request, in its order."""
    nth = 1
    while (place := f"{name}.member.{nth}") + below in query:
        yield place, query[place + below][0]
        nth += 1


def _principal(response, arn):
    place = place_of(response.region, response.current_account)
    # moto knows keys of AWS's length only.
    who = caller.of(key_of(response.headers.get("Authorization", "")), place)
    if who.arn == arn:
        return who
    if role := lookups.role(place, arn):
        return caller.of_role(place, role, "simulated")
    for user in lookups.iam(place).users.values():
        if user.arn == arn:
            return caller.of_user(user, place)
    if not any(f":{sort}/" in arn for sort in ("role", "user")):
        raise InvalidInput(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    raise NoSuchEntity(f"The entity {arn} cannot be found.")


def simulate_principal_policy(self):
    query = self.querystring
    if left_out := [name for name in LEFT_OUT if any(key.startswith(name) for key in query)]:
        raise InvalidInput(f"the sandbox does not simulate with {left_out[0]}")
    who = _principal(self, query["PolicySourceArn"][0])
    context = Context(query)
    policies = evaluate.Policies(who.policies, boundary=who.boundary)
    actions = [action for _, action in _members(query, "ActionNames")]
    resources = [resource for _, resource in _members(query, "ResourceArns")] or ["*"]
    asked = [(action, resource) for action in actions for resource in resources]
    first = int(query.get("Marker", ["0"])[0])
    last = first + int(query.get("MaxItems", [PAGE])[0])
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": _decision(who, policies, action, resource, context),
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for action, resource in asked[first:last]
    ]
    more = last < len(asked)
    answer = {"EvaluationResults": results, "IsTruncated": more}
    return ActionResult({**answer, "Marker": str(last)} if more else answer)


def _decision(who, policies, action, resource, context):
    why = evaluate.decide(who, policies, action, resource, context)
    if why is None:
        return "allowed"
    return "explicitDeny" if why.explicit else "implicitDeny"


IamResponse.simulate_principal_policy = simulate_principal_policy
