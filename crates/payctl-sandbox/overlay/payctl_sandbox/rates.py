"""How often API Gateway may be called: fixed rates of an account, which nobody can raise.

API Gateway developer guide, "Amazon API Gateway quotas", fixed quotas for creating, deploying and
managing an API (read on 2026-11-28). That HTTP APIs' calls count for the same total is assumed.
They are AWS's seconds on the time scale; without one nothing is refused.
"""

import threading
import time

from . import lax
from .clock import clock
from .strict.refusal import Refusal

SERVICES = ("apigateway", "apigatewayv2")
# So many calls at once, and so many AWS seconds until there is one more.
TOTAL = (40, 0.1)
RATES = {
    ("apigateway", "CreateDeployment"): (1, 5),
    ("apigateway", "CreateResource"): (5, 0.2),
    ("apigateway", "CreateRestApi"): (1, 3),
    ("apigateway", "DeleteResource"): (5, 0.2),
    ("apigateway", "DeleteRestApi"): (1, 30),
    ("apigateway", "GetResources"): (5, 0.4),
    ("apigateway", "UpdateAccount"): (1, 20),
    ("apigatewayv2", "CreateVpcLink"): (1, 15),
    ("apigatewayv2", "DeleteVpcLink"): (1, 30),
}


class Rates:
    """What is left of each rate."""

    def __init__(self):
        self.lock = threading.Lock()
        # Calls left, and when that was so.
        self.left = {}

    def check(self, call):
        """Raises the refusal of a call that comes too soon."""
        if call.service not in SERVICES or not clock.timed or "behaviour" in lax.parts:
            return
        with self.lock:
            own = (call.service, call.operation)
            if not (self._take(own, RATES.get(own)) and self._take("total", TOTAL)):
                raise Refusal("TooManyRequestsException", "Too Many Requests", 429)

    def _take(self, name, rate):
        if rate is None:
            return True
        most, seconds = rate
        now = time.monotonic()
        left, then = self.left.get(name, (most, now))
        left = min(most, left + (now - then) / clock.seconds(seconds))
        taken = left >= 1
        self.left[name] = left - taken, now
        return taken


rates = Rates()
