"""How often API Gateway may be called."""

import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

from support import Server, until
from test_tables import code

SCALE = 2


class Rates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(time_scale=SCALE)
        cls.addClassCleanup(cls.server.close)
        cls.client = cls.server.client("apigateway")

    def api(self):
        """A new API's id."""
        return self.client.create_rest_api(name=f"api-{uuid.uuid4()}")["id"]

    def test_an_api_in_30_seconds_is_deleted(self):
        first = self.api()
        refused = code(self.api)
        self.assertEqual(refused, "TooManyRequestsException")
        until(lambda: code(self.api) is None)
        others = [api["id"] for api in self.client.get_rest_apis()["items"] if api["id"] != first]
        self.client.delete_rest_api(restApiId=first)
        began = time.monotonic()
        delete = {"restApiId": others[0]}
        self.assertEqual(code(self.client.delete_rest_api, **delete), "TooManyRequestsException")
        until(lambda: code(self.client.delete_rest_api, **delete) is None)
        self.assertGreater((time.monotonic() - began) * SCALE, 28)

    def test_ten_calls_a_second_and_forty_at_once(self):
        time.sleep(4 / SCALE)
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            refused = list(pool.map(lambda _: code(self.client.get_rest_apis), range(200)))
        self.assertEqual(set(refused), {None, "TooManyRequestsException"})
        passed = refused.count(None)
        self.assertGreaterEqual(passed, 40)
        self.assertLess(passed, 45 + 10 * SCALE * (time.monotonic() - began))


class Untimed(unittest.TestCase):
    def test_nothing_is_refused_without_a_time_scale(self):
        server = Server()
        self.addCleanup(server.close)
        client = server.client("apigateway")
        for _ in range(3):
            client.create_rest_api(name="api")


if __name__ == "__main__":
    unittest.main()
