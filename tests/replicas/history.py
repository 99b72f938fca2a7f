"""What clients saw of registers, and whether one register could have shown it."""

import collections
import dataclasses
import math
import threading


@dataclasses.dataclass
class Operation:
    value: str
    begun: float
    ended: float


class Register:
    """Values are unique, so each read names the write that it saw."""

    def __init__(self, first):
        self.lock = threading.Lock()
        self.writes = [Operation(first, -math.inf, -math.inf)]
        self.refused = []
        self.reads = []

    def write(self, operation, outcome):
        if outcome == "perhaps":
            operation.ended = math.inf
        with self.lock:
            (self.refused if outcome == "no" else self.writes).append(operation)

    def read(self, operation):
        with self.lock:
            self.reads.append(operation)

    def problems(self):
        """Every read against every write, and against every later read."""
        found = []
        writes = {write.value: write for write in self.writes}
        for value, count in collections.Counter(read.value for read in self.reads).items():
            if value not in writes:
                found.append(f"{value!r} was read {count} times and never written")
        reads = [read for read in self.reads if read.value in writes]
        reads.sort(key=lambda read: read.begun)
        for number, read in enumerate(reads):
            write = writes[read.value]
            if write.begun > read.ended:
                found.append(f"{read.value!r} was read before it was written")
            for newer in self.writes:
                if newer.begun > write.ended and newer.ended < read.begun:
                    found.append(f"{read.value!r} was read after {newer.value!r} had replaced it")
            for later in reads[number + 1 :]:
                if later.begun > read.ended and writes[later.value].ended < write.begun:
                    found.append(f"reads went back from {read.value!r} to {later.value!r}")
        return found
