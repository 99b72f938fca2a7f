"""Takes the programs at the ingress of an interface away, as somebody might: `python untie.py INTERFACE`."""

import ctypes
import os
import socket
import struct
import subprocess
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
PROG_DETACH, PROG_GET_FD_BY_ID, PROG_QUERY = 9, 13, 16
TCX_INGRESS = 46
LIBC = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = LIBC.syscall(SYS_BPF, command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result, buffer.raw


def tied(index):
    """The numbers of the programs that are tied by tcx; none where the kernel has no tcx."""
    numbers = (ctypes.c_uint32 * 64)()
    query = struct.pack("=IIIIQIIQQQQ", index, TCX_INGRESS, 0, 0, ctypes.addressof(numbers), 64, 0, 0, 0, 0, 0)
    try:
        _, answer = bpf(PROG_QUERY, query)
    except OSError:
        return []
    return numbers[:struct.unpack_from("=I", answer, 24)[0]]


def untie(interface):
    index = socket.if_nametoindex(interface)
    programs = tied(index)
    for number in programs:
        program, _ = bpf(PROG_GET_FD_BY_ID, struct.pack("=III", number, 0, 0))
        bpf(PROG_DETACH, struct.pack("=IIIIIIQ", index, program, TCX_INGRESS, 0, 0, 0, 0))
        os.close(program)
    if not programs:
        # Before Linux 6.6 they are filters.
        subprocess.run(["tc", "qdisc", "del", "dev", interface, "clsact"], check=True)


if __name__ == "__main__":
    untie(sys.argv[1])
