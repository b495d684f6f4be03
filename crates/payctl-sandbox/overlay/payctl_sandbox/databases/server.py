"""One PostgreSQL server: its data, its process, and what its administrator does."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from . import leftovers
from .wire import Refused, execute

# AWS's own superuser: it comes in through the socket alone, which nobody else can reach.
ADMINISTRATOR = "rdsadmin"
ACCESS = f"""local all {ADMINISTRATOR} trust
hostssl all all 0.0.0.0/0 scram-sha-256
"""
SETTINGS = {
    "ssl": "on",
    "ssl_cert_file": "server.crt",
    "ssl_key_file": "server.key",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "16MB",
    # What a crash of the machine may cost is worth the time.
    "fsync": "off",
    "full_page_writes": "off",
    # Statements have passwords in them.
    "log_statement": "none",
    "log_min_error_statement": "panic",
}
# What a thread started ends with that thread: this one stays to the end.
SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")
# Bytes of a socket's path, on every system.
LONGEST = 103
# Seconds until it answers, and until it has ended.
START, STOP = 30.0, 5.0


class StartError(Exception):
    """The server cannot be made or started."""


class Server:
    """A server at one address; its folder holds the data and its log."""

    def __init__(self, folder, address, port, programs, authority):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(folder, "log")
        self.address = address
        self.port = port
        self.programs = programs
        self.authority = authority
        self.process = None
        self.sockets = None

    def make(self, user, password, database):
        """Makes the data, starts the server, and gives it a first user and a database."""
        os.makedirs(self.data)
        self.programs.give(self.data)
        options = ["-U", ADMINISTRATOR, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run(self.programs.command("initdb", "-D", self.data, *options))
        certificate, key = self.authority.certify(self.address)
        for name, content in (
            ("server.crt", certificate),
            ("server.key", key),
            ("pg_hba.conf", ACCESS.encode()),
        ):
            path = os.path.join(self.data, name)
            with open(path, "wb") as file:
                file.write(content)
            self.programs.give(path)
        self.start()
        name = _identifier(user)
        self._execute("CREATE ROLE rds_superuser CREATEDB CREATEROLE")
        self._execute(f"CREATE ROLE {name} LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser")
        if password:
            self.set_password(user, password)
        if database and database != "postgres":
            self._execute(f"CREATE DATABASE {_identifier(database)} OWNER {name}")

    def start(self):
        """Starts it and waits until it answers."""
        self.sockets = self._socket_folder()
        self.programs.give(self.sockets)
        settings = {
            **SETTINGS,
            "listen_addresses": self.address,
            "port": str(self.port),
            "unix_socket_directories": self.sockets,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = self.programs.command("postgres", "-D", self.data, *options)
        with open(self.log, "ab") as log:
            self.process = self._open(command, log)
        until = time.monotonic() + START
        while True:
            try:
                self._execute("SELECT 1")
                return
            except (OSError, Refused) as error:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise StartError(self._last_words() or str(error)) from None
            time.sleep(0.02)

    def _socket_folder(self):
        folder = os.path.join(self.folder, "sock")
        if len(os.path.join(folder, ".s.PGSQL.65535")) > LONGEST:
            return tempfile.mkdtemp(prefix=leftovers.SOCKETS)
        os.makedirs(folder, exist_ok=True)
        return folder

    def set_password(self, user, password):
        """Gives a user another password."""
        self._execute(f"ALTER ROLE {_identifier(user)} PASSWORD {_literal(password)}")

    def stop(self):
        """Ends it: its clients are cut off."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process is None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(STOP)
                self.process = None
            except subprocess.TimeoutExpired:
                pass
        if self.sockets:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _execute(self, statement):
        path = os.path.join(self.sockets, f".s.PGSQL.{self.port}")
        execute(path, ADMINISTRATOR, "postgres", statement)

    def _open(self, command, log):
        # Nothing of the host's but PATH: its own PG… variables are for others.
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C", "TZ": "UTC"}
        try:
            return SPAWNER.submit(
                subprocess.Popen,
                command,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ).result()
        except OSError as error:
            raise StartError(f"{command[0]}: {error.strerror}") from error

    def _run(self, command):
        with open(self.log, "ab") as log:
            code = self._open(command, log).wait()
        if code:
            raise StartError(self._last_words())

    def _last_words(self):
        try:
            with open(self.log, "rb") as file:
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return "; ".join(lines[-3:])


def _identifier(text):
    return '"' + text.replace('"', '""') + '"'


def _literal(text):
    return "'" + text.replace("'", "''") + "'"
