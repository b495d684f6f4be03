"""EC2's client tokens: a call that comes again with its token is answered as the first time, and
makes nothing. moto takes the token and forgets it.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

import threading
from urllib.parse import parse_qsl

MISMATCH = (
    "<Response><Errors><Error><Code>IdempotentParameterMismatch</Code><Message>The client token "
    "was used with other parameters</Message></Error></Errors><RequestID>0</RequestID></Response>"
)


class Tokens:
    """What was answered to which token."""

    def __init__(self):
        self.answers = {}
        self.lock = threading.Lock()

    def once(self, call, body, start_response, answer):
        """The remembered answer, or that of `answer`, which is called with `start_response`."""
        asked = dict(parse_qsl(body.decode("utf-8", "replace"))) if call.service == "ec2" else {}
        token = asked.get("ClientToken")
        if not token:
            return answer(start_response)
        with self.lock:
            known = self.answers.get((call, token))
            if known:
                asked_then, head, parts = known
                if asked_then != asked:
                    start_response("400 Bad Request", [("Content-Type", "text/xml")])
                    return [MISMATCH.encode()]
                start_response(*head)
                return parts
            heads = []

            def started(status, headers, *more):
                heads.append((status, headers))
                return start_response(status, headers, *more)

            parts = answer(started)
            if heads and heads[0][0].startswith("2"):
                self.answers[call, token] = asked, heads[0], parts
            return parts
