"""Sends or counts UDP datagrams: a namespace's side of a measurement.

    udp.py count PORT SECONDS                          -> "PACKETS BYTES SECONDS" of what came, from the first on
    udp.py send ADDRESS PORT MEGABITS SECONDS SIZE [SOURCE] [--gso]
    udp.py flows ADDRESS COUNT [SOURCE]                one datagram to each of COUNT ports
"""

import socket
import sys
import time

UDP_SEGMENT = 103
HEADERS = 14 + 20 + 8


def made(address, source=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    if source:
        made.bind((source, 0))
    return made


def count(port, seconds):
    receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    receiver.bind(("::", port))
    print("ready", flush=True)
    receiver.settimeout(10)
    buffer = bytearray(65_536)
    packets = size = 0
    receiver.recv_into(buffer)
    start = time.monotonic()
    end = start + seconds
    receiver.settimeout(0.5)
    while time.monotonic() < end:
        try:
            size += receiver.recv_into(buffer)
            packets += 1
        except TimeoutError:
            pass
    print(packets, size, time.monotonic() - start, flush=True)


def send(address, port, megabits, seconds, size, source=None, gso=False):
    """`size` is of the payload; the rate is that of Ethernet frames."""
    sender = made(address, source)
    sender.connect((address, port))
    datagram = bytes(size)
    at_once = 1
    if gso:
        sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, size)
        at_once = 60_000 // size
    interval = (size + HEADERS) * 8 * at_once / (megabits * 1e6)
    payload = datagram * at_once
    start = due = time.monotonic()
    while (now := time.monotonic()) < start + seconds:
        # What could not be sent in time is not made up for beyond a moment.
        due = max(due, now - 0.02)
        while due <= now:
            try:
                sender.send(payload)
            except OSError:
                pass
            due += interval
        time.sleep(min(interval, 0.001))


def flows(address, count, source=None):
    sender = made(address, source)
    for port in range(20_000, 20_000 + count):
        sender.sendto(b"x" * 100, (address, port))
        time.sleep(0.0005)


words = [word for word in sys.argv[2:] if word != "--gso"]
match sys.argv[1]:
    case "count":
        count(int(words[0]), float(words[1]))
    case "send":
        address, port, megabits, seconds, size, *source = words
        send(address, int(port), float(megabits), float(seconds), int(size), *source, gso="--gso" in sys.argv)
    case "flows":
        flows(words[0], int(words[1]), *words[2:])
