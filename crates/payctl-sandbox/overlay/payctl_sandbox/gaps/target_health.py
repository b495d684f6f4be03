"""Target groups: how their targets really are.

moto's are always healthy. Here, an address of the loopback is asked as a load balancer would ask
it, so that a target is as well as the server that listens there. It is asked when somebody wants
to know, and the last answer counts: thresholds and intervals do not. At any other address nothing
answers, as the sandbox has no network.
"""

import http.client
import ipaddress
import time

from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup, elbv2_backends

from ..clock import clock
from ..patching import replace

# AWS seconds until a new target is asked for the first time.
REGISTERED = 10
# The sandbox answers nothing else meanwhile.
LONGEST_S = 1.0


@replace(FakeTargetGroup, "register")
def register(original, self, targets):
    original(self, targets)
    for target in targets:
        self.targets[target["Id"]]["asked_from"] = time.time() + clock.seconds(REGISTERED)


@replace(FakeTargetGroup, "health_for")
def health_for(original, self, target, ec2_backend):
    health = original(self, target, ec2_backend)
    if health.status != "healthy":
        return health
    state = _state(self, self.targets[target["Id"]])
    port, asked_at = health.port, health.health_check_port
    return FakeHealthStatus(health.instance_id, port, asked_at, *state)


def _state(group, target):
    """State, reason and description."""
    backend = elbv2_backends[group.account_id][group.region_name]
    if not backend._any_listener_using(group.arn):
        told = "Target group is not configured to receive traffic from the load balancer"
        return "unused", "Target.NotInUse", told
    if group.target_type != "ip" or group.health_check_protocol != "HTTP":
        return "healthy", None, None
    if clock.timed and time.time() < target["asked_from"]:
        return "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
    if not ipaddress.ip_address(target["Id"]).is_loopback:
        return "unhealthy", "Target.Timeout", "Request timed out"
    return _ask(group, target)


def _ask(group, target):
    own = group.health_check_port
    port = int(target["Port"] if own == "traffic-port" else own)
    seconds = min(float(group.health_check_timeout_seconds), LONGEST_S)
    connection = http.client.HTTPConnection(target["Id"], port, timeout=seconds)
    try:
        agent = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
        connection.request("GET", group.health_check_path or "/", headers=agent)
        status = connection.getresponse().status
    except TimeoutError:
        return "unhealthy", "Target.Timeout", "Request timed out"
    except (OSError, http.client.HTTPException):
        return "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
    finally:
        connection.close()
    if _matches(status, group.matcher["HttpCode"]):
        return "healthy", None, None
    told = f"Health checks failed with these codes: [{status}]"
    return "unhealthy", "Target.ResponseCodeMismatch", told


def _matches(status, matcher):
    """Whether a matcher such as `200`, `200,202` or `200-299` takes the status."""
    for part in matcher.split(","):
        first, _, last = part.partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False
