"""Opens TCP connections as fast as it can and holds them; prints how many were tried and how many stand.

    flood.py connect ADDRESS PORT SECONDS
"""

import resource
import selectors
import socket
import sys
import time

address, port, seconds = sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, 20_000))
held, tried, stood = [], 0, 0
watch = selectors.DefaultSelector()
end = time.monotonic() + seconds
while time.monotonic() < end:
    if len(held) < 10_000:
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex((address, port))
        held.append(one)
        watch.register(one, selectors.EVENT_WRITE)
        tried += 1
    for key, _ in watch.select(0):
        watch.unregister(key.fileobj)
        stood += key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    time.sleep(0.0005)
print(tried, stood)
