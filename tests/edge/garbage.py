"""Sends frames of random length and content in a VLAN and out of it, straight onto a cable; prints how many.

    garbage.py INTERFACE VLAN SECONDS MAC
"""

import random
import socket
import sys
import time

interface, vlan, seconds, mac = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((interface, 0))
chance = random.Random(7)
ours, everyone = bytes.fromhex(mac.replace(":", "")), b"\xff" * 6
#: What a header begins like: IPv4 and IPv6 of several kinds, ARP, LACP, and what is nothing.
KINDS = {
    0x0800: [b"\x45\x00", b"\x4f\x00", b"\x40\x00", b"\x00\x00"],
    0x86DD: [b"\x60\x00", b"\x6f\xff"],
    0x0806: [b"\x00\x01\x08\x00\x06\x04\x00\x01"],
    0x8809: [b"\x01\x01"],
    0x1234: [b""],
}
sent = 0
end = time.monotonic() + seconds
while time.monotonic() < end:
    kind = chance.choice(list(KINDS))
    length = chance.choice([0, 1, 19, 20, 40, 60, 1500, 8900, chance.randrange(9000)])
    body = (chance.choice(KINDS[kind]) + chance.randbytes(length))[:max(length, 1)]
    tags = b""
    for number in chance.choice([[], [vlan], [vlan], [vlan, vlan], [0], [4095], [vlan ^ 1]]):
        tags += b"\x81\x00" + (chance.randrange(8) << 13 | number).to_bytes(2, "big")
    frame = chance.choice([ours, ours, everyone]) + b"\x02\0\0\0\0\x09" + tags + kind.to_bytes(2, "big") + body
    try:
        wire.send(frame)
        sent += 1
    except OSError:
        # Longer than the cable, or no room just now.
        pass
print(sent)
