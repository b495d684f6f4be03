"""Keeps the contents over a restart: one snapshot file of everything moto holds.

A snapshot is taken when things have been quiet for a moment after a change, at the latest a
few seconds after it, and on stop. It is written beside the old one and renamed over it, so a
kill at any moment leaves a whole file: what was acknowledged a few seconds earlier is in it.
"""

import glob
import os
import sys
import threading
import time
import traceback

from moto import __version__ as moto_version
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.s3.models import s3_backends

from . import pickling
from .clock import later

QUIET = 1.0
LATEST = 3.0
FORMAT = 1


class Contents:
    """What moto holds, and its copy on disk."""

    def __init__(self, path, lock):
        self.path = path
        self.lock = lock
        self.on_empty = []
        # Services that hold what cannot be kept.
        self._left_out = set()
        self._wake = threading.Condition()
        self._changed_at = None
        self._first_change_at = None
        self._stopped = False
        # Snapshots are taken one after the other, and so they are written.
        self._writing = threading.Lock()
        self._taken = self._written = 0
        self._thread = threading.Thread(target=self._write_when_quiet, name="contents")
        self._thread.daemon = True

    def start(self):
        """Loads what was kept and begins to keep what changes."""
        for leftover in glob.glob(f"{glob.escape(self.path)}.*.tmp"):
            os.remove(leftover)
        self._load()
        self._thread.start()

    def changed(self):
        """Notes that there is something new to keep."""
        with self._wake:
            self._changed_at = time.monotonic()
            self._first_change_at = self._first_change_at or self._changed_at
            self._wake.notify()

    def stop(self):
        """Keeps what changed last."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join(timeout=10)
        if self._first_change_at is not None or later.pending:
            self._save()

    def empty(self):
        """Forgets everything, here and on disk."""
        with self.lock:
            for callback in self.on_empty:
                callback()
            later.pending.clear()
            BackendDict.reset()
            s3_backends.bucket_accounts.clear()
            reset_model_data()
            self._save()

    def _write_when_quiet(self):
        while True:
            with self._wake:
                while not self._stopped and self._first_change_at is None:
                    self._wake.wait()
                if self._stopped:
                    return
                now = time.monotonic()
                due = min(self._changed_at + QUIET, self._first_change_at + LATEST)
                if now < due:
                    self._wake.wait(due - now)
                    continue
            try:
                self._save()
            except Exception:
                print("the contents could not be saved:", file=sys.stderr)
                traceback.print_exc()

    def _save(self):
        with self.lock:
            # Before the snapshot: a change during it is under the same lock, hence after it.
            with self._wake:
                self._first_change_at = None
            image = self._image()
            self._taken += 1
            taken = self._taken
        temporary = f"{self.path}.{os.getpid()}.tmp"
        with self._writing:
            # Another thread may have written a later one meanwhile.
            if taken < self._written:
                return
            with open(temporary, "wb") as file:
                file.write(image)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
            self._written = taken

    def _image(self):
        kept = {
            "format": FORMAT,
            "moto": moto_version,
            "backends": pickling.backends(),
            "buckets": dict(s3_backends.bucket_accounts),
            "later": list(later.pending),
        }
        for place in self._left_out:
            kept["backends"].pop(place, None)
        try:
            return pickling.dump(kept)
        except Exception:
            # Some service holds what cannot be kept: better to lose that one than all.
            failures = pickling.unpicklable(kept["backends"])
            if not failures:
                raise
            for place, error in failures.items():
                print(f"contents of {'/'.join(place)} are not kept: {error!r}", flush=True)
                del kept["backends"][place]
            self._left_out.update(failures)
            return pickling.dump(kept)

    def _load(self):
        try:
            with open(self.path, "rb") as file:
                image = file.read()
        except FileNotFoundError:
            return
        try:
            kept = pickling.load(image)
            if (kept["format"], kept["moto"]) != (FORMAT, moto_version):
                raise ValueError(f"kept by format {kept['format']}, moto {kept['moto']}")
        except Exception as error:
            aside = f"{self.path}.unreadable"
            os.replace(self.path, aside)
            print(f"the contents could not be read ({error!r}); moved to {aside}")
            BackendDict.reset()
            return
        pickling.restore(kept["backends"])
        s3_backends.bucket_accounts.update(kept["buckets"])
        later.pending[:] = kept["later"]
