"""Says why a bootstrap does not run here: built for another processor, or not executable."""

import os
import platform

MACHINES = {0x3E: "x86_64", 0xB7: "arm64", 0x28: "arm", 0xF3: "riscv64", 0x03: "x86"}
HOSTS = {"amd64": "x86_64", "aarch64": "arm64"}


def mismatch(path):
    """A sentence, or None when nothing is wrong with the file itself."""
    host = HOSTS.get(platform.machine().lower(), platform.machine().lower())
    if not os.access(path, os.X_OK):
        return "bootstrap is not executable: set its mode to 0755 in the zip"
    with open(path, "rb") as file:
        head = file.read(20)
    if head[:2] == b"#!":
        return "the interpreter named in its first line does not exist here"
    if head[:4] in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"):
        return "bootstrap is built for macOS: Lambda runs Linux programs"
    if head[:4] != b"\x7fELF":
        return "bootstrap is neither a Linux program nor a script with a #! line"
    built_for = MACHINES.get(int.from_bytes(head[18:20], "little"), "another processor")
    if built_for != host:
        return f"bootstrap is built for {built_for}, this machine is {host}"
    if platform.system() != "Linux":
        return f"bootstrap is a Linux program, this machine runs {platform.system()}"
    return None
