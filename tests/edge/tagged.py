"""Sends ARP requests with the given tags in front, outermost first.

    tagged.py INTERFACE COUNT SOURCE TARGET TPID:VLAN...
"""

import socket
import struct
import sys

interface, count, source, target, *tags = sys.argv[1:]
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((interface, 0))
station = raw.getsockname()[4]
front = b""
for tag in tags:
    kind, vlan = tag.split(":")
    front += struct.pack("!HH", int(kind, 16), int(vlan))
asked = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, station, socket.inet_aton(source), bytes(6),
                    socket.inet_aton(target))  # fmt: skip
for _ in range(int(count)):
    raw.send(b"\xff" * 6 + station + front + b"\x08\x06" + asked)
