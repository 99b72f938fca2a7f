"""Sends packets that claim an address of the gateway as their source; prints how many.

    forged.py COUNT SOURCE,… TARGET,…
"""

import socket
import struct
import sys

count, sources, targets = int(sys.argv[1]), sys.argv[2].split(","), sys.argv[3].split(",")
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def packet(source, target, protocol, hops, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 7, 0, hops, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))  # fmt: skip
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def syn(source, target, port):
    body = struct.pack("!HHIIBBHHH", port, 179, 1, 0, 5 << 4, 2, 65_000, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, 6, len(body))
    return body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:]


sent = 0
for number in range(count):
    for source in sources:
        for target in targets:
            forged = [
                # From our port to our port, as a session to oneself; and from any.
                packet(source, target, 6, 1, syn(source, target, 179)),
                packet(source, target, 6, 64, syn(source, target, 40_000 + number % 1_000)),
                # As BFD, and as anything.
                packet(source, target, 17, 255, struct.pack("!HHHH", 49_152, 3_784, 8, 0)),
                packet(source, target, 17, 64, struct.pack("!HHHH", 9, 9, 8, 0)),
            ]
            for one in forged:
                raw.sendto(one, (target, 0))
                sent += 1
print(sent)
