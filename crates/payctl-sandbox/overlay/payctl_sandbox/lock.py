"""The lock under which moto is called: it is not safe for threads."""

import threading

lock = threading.RLock()
