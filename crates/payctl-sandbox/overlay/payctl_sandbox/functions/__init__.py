"""Runs functions for real: invocations, asynchronous ones, and deliveries from buckets."""

import base64
import json
import re
import shutil
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, unquote

from moto.awslambda.utils import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError

from .. import requests
from ..clock import clock
from . import dead_letters, records
from .definition import Definition
from .invocation import Invocation, platform_error
from .outbox import jobs, outbox
from .permissions import KeyRefused
from .pool import Pool, Throttled
from .worker import StartError

PATH = re.compile(r"^/[^/]+/functions/(?P<name>.+)/(invocations|invoke-async)/?$")
# Bytes of a request and of a response, and of an asynchronous request (API reference of Invoke).
LARGEST = 6 * 1024 * 1024
LARGEST_EVENT = 1024 * 1024
# AWS's seconds before the first and the second retry of an asynchronous invocation (Lambda
# developer guide, "How Lambda handles errors and retries with asynchronous invocation"); without
# a time scale there is no reason to wait that long.
RETRY_AFTER = (60, 120)
RETRY_AFTER_UNTIMED = (0.5, 1.0)
TAIL = 4 * 1024


class Refused(Exception):
    """An answer other than the function's."""

    def __init__(self, status, kind, message, **more):
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.body = {"Type": "User", "message": message, "Message": message, **more}


class Functions:
    """Everything that runs functions."""

    def __init__(self, endpoint, folder, lock, changed):
        self.endpoint = endpoint
        self.folder = folder
        self.lock = lock
        self.changed = changed
        self.pools = {}
        self.pools_lock = threading.Lock()
        self.stopped = threading.Event()
        self.executor = ThreadPoolExecutor(max_workers=32, thread_name_prefix="async")
        threading.Thread(target=self._reap, daemon=True, name="reaper").start()

    def answer(self, environ, body, start_response):
        """Answers an Invoke request."""
        try:
            status, headers, payload = self._answer(environ, body)
        except Refused as refused:
            status, payload = refused.status, json.dumps(refused.body).encode()
            headers = {"x-amzn-ErrorType": refused.kind}
        headers.setdefault("Content-Type", "application/json")
        start_response(status, list(headers.items()))
        return [payload]

    def _answer(self, environ, body):
        name = unquote(PATH.match(environ["PATH_INFO"])["name"])
        query = parse_qs(environ.get("QUERY_STRING", ""))
        qualifier = query.get("Qualifier", [None])[0]
        region = requests.identify(environ, body).region
        definition = self.definition(region, name, qualifier)
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        if environ["PATH_INFO"].rstrip("/").endswith("invoke-async"):
            kind = "Event"
        most = LARGEST_EVENT if kind == "Event" else LARGEST
        if len(body) > most:
            raise Refused(
                "413 Request Entity Too Large",
                "RequestTooLargeException",
                f"Request must be smaller than {most} bytes for the InvokeFunction operation",
            )
        try:
            json.loads(body or b"{}")
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            kind = "InvalidRequestContentException"
            raise Refused("400 Bad Request", kind, message) from error
        if kind == "DryRun":
            return "204 No Content", {}, b""
        invocation = Invocation(
            definition, body or b"{}", environ.get("HTTP_X_AMZ_CLIENT_CONTEXT")
        )
        headers = {"x-amzn-RequestId": invocation.request_id}
        if kind == "Event":
            self.send(definition, body or b"{}", invocation.request_id)
            return "202 Accepted", headers, b""
        try:
            log = self.run(definition, invocation)
        except Throttled as throttled:
            raise Refused(
                "429 Too Many Requests",
                "TooManyRequestsException",
                str(throttled),
                Reason=throttled.reason,
            ) from throttled
        headers["X-Amz-Executed-Version"] = definition.version
        if invocation.error:
            headers["X-Amz-Function-Error"] = invocation.error
        if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
            tail = "\n".join(log).encode()[-TAIL:]
            headers["X-Amz-Log-Result"] = base64.b64encode(tail).decode()
        return "200 OK", headers, invocation.result

    def call(self, region, name, payload, seconds):
        """Invokes for a caller that gives up after so many seconds: the invocation, or None."""
        definition = self.definition(region, name)
        invocation = Invocation(definition, payload)
        running = self.executor.submit(self.run, definition, invocation)
        try:
            running.result(seconds)
        except TimeoutError:
            return None
        return invocation

    def definition(self, region, name, qualifier=None):
        """The function as it is to be run; refused unless it is there and active."""
        with self.lock:
            try:
                function = get_backend(DEFAULT_ACCOUNT_ID, region).get_function(name, qualifier)
            except JsonRESTError as error:
                raise Refused("404 Not Found", error.error_type, error.message) from error
            definition = Definition.of(function)
        if definition.state != "Active":
            raise Refused(
                "409 Conflict",
                "ResourceConflictException",
                "The operation cannot be performed at this time. The function is currently in "
                f"the following state: {definition.state}",
            )
        return definition

    def run(self, definition, invocation, wait=0.0):
        """Runs the invocation and answers its log lines.

        Waits so many seconds for its turn where as many run already as may.
        """
        place = definition.place
        until = time.monotonic() + wait

        def again():
            if time.monotonic() > until:
                raise Throttled(definition.concurrency is not None)
            return self.definition(*place)

        pool = self._pool(place)
        began = time.monotonic()
        try:
            worker = pool.take(definition, again if wait else None)
        except KeyRefused as error:
            # Lambda's model of Invoke: 502.
            raise Refused("502 Bad Gateway", error.kind, str(error)) from error
        except StartError as error:
            kind = "Runtime.InvalidEntrypoint"
            invocation.finish(
                platform_error(invocation.request_id, kind, str(error)), "Unhandled"
            )
            log = [invocation.result.decode()]
            stream = f"[{definition.version}]{invocation.request_id}"
            self._record(pool, definition, stream, log)
            return log
        try:
            worker.run(invocation)
            if len(invocation.result) > LARGEST:
                kind = "Function.ResponseSizeTooLarge"
                message = "Response payload size exceeded maximum allowed payload size"
                body = {"errorType": kind, "errorMessage": f"{message} ({LARGEST} bytes)."}
                invocation.result, invocation.error = json.dumps(body).encode(), "Unhandled"
            output = worker.take_output()
            seconds = time.monotonic() - began
            if worker.invocations == 1:
                seconds -= worker.init_seconds or 0.0
            log = records.lines(worker, invocation, output, seconds)
        finally:
            pool.give_back(worker)
        self._record(pool, definition, worker.log_stream, log)
        return log

    def _record(self, pool, definition, stream, log):
        with self.lock:
            if self.pools.get(definition.place) is not pool:
                # Everything was forgotten meanwhile: no log group is to come back.
                return
            records.write(definition, stream, log)
        self.changed()

    def _pool(self, place):
        with self.pools_lock:
            if place not in self.pools:
                self.pools[place] = Pool(self.endpoint, self.folder)
            return self.pools[place]

    # Asynchronous invocations:

    def deliver(self):
        """Sends what moto wanted delivered to functions during the last calls."""
        while jobs:
            try:
                self.executor.submit(self._job, jobs.popleft())
            except IndexError:
                break
        while outbox:
            try:
                arn, payload = outbox.popleft()
            except IndexError:
                return
            try:
                self.send(self.definition(arn.split(":")[3], arn), payload)
            except Refused as refused:
                print(f"not delivered to {arn}: {refused}", flush=True)

    def send(self, definition, payload, request_id=None):
        """Invokes asynchronously: tried again on failure, as AWS does."""
        self.executor.submit(self._attempts, definition, payload, request_id)

    def _job(self, job):
        try:
            job(self)
        except Exception:
            traceback.print_exc()

    def _attempts(self, definition, payload, request_id):
        try:
            request_id = request_id or Invocation(definition, payload).request_id
            for attempt in range(definition.retries + 1):
                if self.stopped.is_set():
                    return
                if attempt:
                    self._pause(attempt)
                    definition = self.definition(*definition.place)
                invocation = Invocation(definition, payload, request_id=request_id)
                self.run(definition, invocation, wait=float("inf"))
                if not invocation.error:
                    return
            if definition.dead_letters:
                with self.lock:
                    dead_letters.leave(definition, payload, invocation)
                self.changed()
        except Refused as refused:
            print(f"not delivered to {definition.name}: {refused}", flush=True)
        except Exception:
            traceback.print_exc()

    def _pause(self, attempt):
        if clock.timed:
            self.stopped.wait(clock.seconds(RETRY_AFTER[attempt - 1]))
        else:
            self.stopped.wait(RETRY_AFTER_UNTIMED[attempt - 1])

    # Ends:

    def _reap(self):
        while not self.stopped.wait(1.0):
            for place, pool in list(self.pools.items()):
                region, name, version = place
                try:
                    definition = self.definition(region, name, version)
                except Refused:
                    definition = None
                pool.reap(definition)

    def forget(self):
        """Ends every process and drops the unpacked code."""
        outbox.clear()
        jobs.clear()
        with self.pools_lock:
            pools, self.pools = self.pools, {}
        for pool in pools.values():
            pool.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self):
        """Ends every process."""
        self.stopped.set()
        self.executor.shutdown(wait=False, cancel_futures=True)
        with self.pools_lock:
            for pool in self.pools.values():
                pool.close()
