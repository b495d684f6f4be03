"""minisign's command line, as far as the pages use it, by another implementation of it than payctl's.

    signatures.py -G -W -p PUBLIC -s SECRET    makes a key without a password
    signatures.py -V -p PUBLIC -m FILE         checks FILE.minisig
"""

import argparse
import os
import sys

from minisign import KeyPair, PublicKey, Signature
from minisign.exceptions import Error


def main() -> int:
    parser = argparse.ArgumentParser(prog="minisign")
    deed = parser.add_mutually_exclusive_group(required=True)
    deed.add_argument("-G", dest="makes", action="store_true")
    deed.add_argument("-V", dest="checks", action="store_true")
    parser.add_argument("-W", dest="open", action="store_true")
    parser.add_argument("-p", dest="public", required=True)
    parser.add_argument("-s", dest="secret")
    parser.add_argument("-m", dest="file")
    words = parser.parse_args()
    if words.makes:
        if not words.open:
            sys.exit("minisign: there is no terminal to ask for a password")
        pair = KeyPair.generate()
        for path, key in [(words.public, pair.public_key), (words.secret, pair.secret_key)]:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(bytes(key) + b"\n")
        return 0
    signature = Signature.from_file(f"{words.file}.minisig")
    try:
        PublicKey.from_file(words.public).verify_file(words.file, signature)
    except Error as error:
        print(error, file=sys.stderr)
        return 1
    print("Signature and comment signature verified")
    print(f"Trusted comment: {signature.trusted_comment}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
