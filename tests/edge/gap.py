"""Asks a host every 20 ms for some seconds; prints the longest time without an answer.

    gap.py ADDRESS SECONDS
"""

import os
import select
import socket
import struct
import sys
import time


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


address, seconds = sys.argv[1], float(sys.argv[2])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
raw.connect((address, 0))
identifier = os.getpid() & 0xFFFF
start = last = time.monotonic()
longest = number = 0
while (now := time.monotonic()) < start + seconds:
    if now >= start + number * 0.02:
        number += 1
        plain = struct.pack("!BBHHH", 8, 0, 0, identifier, number & 0xFFFF)
        try:
            raw.send(struct.pack("!BBHHH", 8, 0, checksum(plain), identifier, number & 0xFFFF))
        except OSError:
            pass
    if select.select([raw], [], [], 0.002)[0]:
        answer = raw.recv(2048)[20:]
        if answer[0] == 0 and struct.unpack("!H", answer[4:6])[0] == identifier:
            longest = max(longest, time.monotonic() - last)
            last = time.monotonic()
print(max(longest, time.monotonic() - last))
