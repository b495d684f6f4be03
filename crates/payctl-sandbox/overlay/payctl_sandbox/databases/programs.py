"""PostgreSQL's programs, and the user they run as."""

import glob
import os
import pwd
import re
import shutil

# Those that root runs them as, as they refuse root.
USERS = ("postgres", "nobody")


class Programs:
    """The folder of initdb and postgres, and how to run them."""

    def __init__(self, folder):
        self.folder = folder
        self.user = _user() if os.geteuid() == 0 else None
        # A sandbox that is killed takes its servers with it, where setpriv is there to see to it.
        self.prefix = ["setpriv", "--pdeathsig=INT"] if shutil.which("setpriv") else []
        if self.user:
            # The home may be below folders that are root's alone; ambient, the capability to pass
            # through them lasts over the change of user.
            through = "+dac_override"
            self.prefix += [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}"]
            self.prefix += ["--clear-groups", f"--inh-caps={through}", f"--ambient-caps={through}"]

    @classmethod
    def find(cls):
        """What PAYCTL_POSTGRES names, else Debian's newest; None where there is none."""
        given = os.environ.get("PAYCTL_POSTGRES")
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=_version, reverse=True)
        for folder in [given] if given else found:
            names = [os.path.join(folder, name) for name in ("initdb", "postgres")]
            if all(os.access(name, os.X_OK) for name in names):
                programs = cls(folder)
                if os.geteuid() != 0 or (programs.user and shutil.which("setpriv")):
                    return programs
                print("PostgreSQL cannot be run by root without setpriv and a user", flush=True)
        return None

    def command(self, name, *arguments):
        """The command that runs one of them."""
        return [*self.prefix, os.path.join(self.folder, name), *arguments]

    def give(self, path):
        """Makes a file or folder that of the user who runs them, and nobody else's."""
        os.chmod(path, 0o700 if os.path.isdir(path) else 0o600)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def _user():
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    return None


def _version(folder):
    return [int(number) for number in re.findall(r"\d+", folder)]
