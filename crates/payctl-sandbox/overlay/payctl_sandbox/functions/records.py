"""A function's lines in CloudWatch Logs: its own output between START, END and REPORT."""

import math
import re
import time

from moto.logs.models import logs_backends

from ..partitions import partition
from .permissions import may


def lines(worker, invocation, output, seconds):
    """What goes into the log of one invocation."""
    definition = worker.definition
    first = worker.invocations == 1
    request = f"RequestId: {invocation.request_id}"
    text = []
    if first:
        text.append(f"INIT_START Runtime Version: {definition.runtime}")
    text.append(f"START {request} Version: {definition.version}")
    text += [line for line in re.split(r"\r?\n", output) if line]
    if invocation.error and b"Task timed out" in invocation.result:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        limit = f"{definition.timeout:.2f}"
        text.append(f"{stamp}.000Z {invocation.request_id} Task timed out after {limit} seconds")
    elif invocation.error and b"Runtime." in invocation.result:
        text.append(invocation.result.decode("utf-8", "replace"))
    text.append(f"END {request}")
    milliseconds = seconds * 1000
    report = [
        f"REPORT {request}",
        f"Duration: {milliseconds:.2f} ms",
        f"Billed Duration: {math.ceil(milliseconds)} ms",
        f"Memory Size: {definition.memory} MB",
        f"Max Memory Used: {worker.peak_memory() or definition.memory} MB",
    ]
    if first and worker.init_seconds is not None:
        report.append(f"Init Duration: {worker.init_seconds * 1000:.2f} ms")
    text.append("\t".join(report))
    return text


def write(definition, stream, text):
    """Appends the lines to the function's group, as far as its role allows it; else drops them.

    Lambda writes them with the function's role, also after the function and its group are deleted:
    it makes the group anew, bare of tags, retention and key, where the role may
    (terraform-aws-modules/terraform-aws-lambda#133 and trussworks/terraform-aws-iam-sleuth#59 saw
    it). Without the permissions the function runs and nothing is logged ("Access to CloudWatch
    Logs" in the AWS Lambda Operator Guide).
    """
    backend = logs_backends[definition.account][definition.region]
    name = partition(definition.region)
    group = f"arn:{name}:logs:{definition.region}:{definition.account}:log-group:"
    # What Lambda asks for: both creations name the stream without a name (babyhuey/spf53 v0.1.5
    # read it in CloudTrail).
    streams = f"{group}{definition.log_group}:log-stream:"
    if definition.log_group not in backend.groups:
        if not may(definition, "logs:CreateLogGroup", streams):
            return
        backend.create_log_group(definition.log_group, {})
    if stream not in backend.groups[definition.log_group].streams:
        if not may(definition, "logs:CreateLogStream", streams):
            return
        backend.create_log_stream(definition.log_group, stream)
    if not may(definition, "logs:PutLogEvents", f"{streams}{stream}"):
        return
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": f"{line}\n"} for line in text]
    backend.put_log_events(definition.log_group, stream, events)
