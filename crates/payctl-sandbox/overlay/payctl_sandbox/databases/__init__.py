"""Real PostgreSQL servers behind clusters, where PostgreSQL is on the machine.

Each listens at a loopback address of its own, so that all have the port they were declared with,
and takes connections over TLS only, under a certificate of an authority that functions trust.
"""

import hashlib
import os
import shutil
import socket
import sys
import threading

from . import leftovers
from .authority import Authority
from .programs import Programs
from .server import Server, StartError
from .wire import Refused

# How many addresses are tried: a program that listens at all of them leaves none free.
ADDRESSES = 64


class Servers:
    """The servers of this sandbox, by the name of what each is for."""

    def __init__(self):
        self.folder = None
        self.programs = None
        self.authority = None
        self.running = {}
        self._warned = False

    def open(self, home):
        """Takes the home's folder, and ends what a sandbox that was killed left running there."""
        self.folder = os.path.join(home, "databases")
        leftovers.end(self.folder)
        self.programs = Programs.find()
        if self.programs:
            self.authority = Authority(self.folder)

    @property
    def trusted(self):
        """The authority's certificate, as a file; None without PostgreSQL."""
        return self.authority and self.authority.path

    def available(self):
        """Whether PostgreSQL is installed; where it is not, warns once."""
        if not self.programs and not self._warned:
            self._warned = True
            print(
                "clusters have no database: PostgreSQL is not installed; install it, or set "
                "PAYCTL_POSTGRES to the folder of initdb and postgres",
                flush=True,
            )
        return bool(self.programs)

    def make(self, name, port, user, password, database):
        """Makes a server and starts it; answers its address, or None where there can be none."""
        if not self.available():
            return None
        try:
            address = _free_address(self._place(name), port)
            self._server(name, address, port).make(user, password, database)
        except (StartError, Refused, OSError) as error:
            print(f"could not start a database for {name}: {error}", file=sys.stderr, flush=True)
            self.remove(name)
            return None
        return address

    def start(self, name, address, port):
        """Starts a server that was made before; False where it was not."""
        if not os.path.isdir(self._place(name)):
            return False
        try:
            self._server(name, address, port).start()
        except (StartError, OSError) as error:
            print(f"could not start the database of {name}: {error}", file=sys.stderr, flush=True)
        return True

    def set_password(self, name, user, password):
        """Gives a user another password."""
        if server := self.running.get(name):
            server.set_password(user, password)

    def remove(self, name):
        """Ends a server and drops its data."""
        if server := self.running.pop(name, None):
            server.stop()
        shutil.rmtree(self._place(name), ignore_errors=True)

    def keep_only(self, names):
        """Drops the data of what is not there any more."""
        for name in leftovers.names(self.folder):
            if name not in names:
                self.remove(name)

    def forget(self):
        """Ends every server and drops all data."""
        self.stop()
        self.keep_only(())

    def stop(self):
        """Ends every server, at once."""
        ending = [threading.Thread(target=each.stop) for each in self.running.values()]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()
        self.running.clear()

    def _server(self, name, address, port):
        place = self._place(name)
        server = Server(place, address, port, self.programs, self.authority)
        self.running[name] = server
        return server

    def _place(self, name):
        return os.path.join(self.folder, name)


def _free_address(seed, port):
    """A loopback address whose port nobody has, another one for each place."""
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")
    for nth in range(ADDRESSES):
        number = start + nth * 7919
        address = f"127.{64 + number % 64}.{number // 64 % 256}.{1 + number // 16384 % 254}"
        with socket.socket() as probe:
            # What was closed a moment ago is free, what somebody listens at is not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
        return address
    raise StartError(f"no loopback address has port {port} free")


servers = Servers()
