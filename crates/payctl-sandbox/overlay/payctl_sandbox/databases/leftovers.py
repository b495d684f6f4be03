"""What a sandbox that was killed leaves behind: servers without anybody to end them."""

import os
import shutil
import signal
import time

# What folders of sockets are called.
SOCKETS = "payctl-postgres-"
# Seconds until a server has ended.
STOP = 5.0


def names(folder):
    """What has a folder of its own there."""
    try:
        return [entry.name for entry in os.scandir(folder) if entry.is_dir()]
    except FileNotFoundError:
        return []


def end(folder):
    """Ends every server whose data is below the folder."""
    for name in names(folder):
        data = os.path.join(folder, name, "data")
        try:
            with open(os.path.join(data, "postmaster.pid")) as file:
                lines = file.read().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            continue
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if _ends(pid, data, number):
                break
        # Its fifth line is where the sockets are.
        sockets = lines[4] if len(lines) > 4 else ""
        if os.path.basename(sockets).startswith(SOCKETS):
            shutil.rmtree(sockets, ignore_errors=True)


def _ends(pid, data, number):
    """Signals the server; whether it has ended then."""
    if not _runs(pid, data):
        return True
    os.kill(pid, number)
    until = time.monotonic() + STOP
    while time.monotonic() < until:
        if not _runs(pid, data):
            return True
        time.sleep(0.02)
    return False


def _runs(pid, data):
    """Whether that process is the server: its number may be somebody else's by now."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", data)
    except OSError:
        return False
