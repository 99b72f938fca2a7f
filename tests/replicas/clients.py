"""Random callers, what they were told, and when.

They work on a *stage*: an account with two ports, some VLANs and two registers (virtual interfaces that are
renamed). A stage lasts some seconds; then the next one begins, so that a history is checked in pieces of some
hundred operations. `cargo xtask history` says what one service could have answered.
"""

import collections
import http.client
import json
import random
import threading
import time

from processes import NotSent, until
from signing import Key

CLIENTS = 8
VLANS = range(100, 106)
REGISTER_VLANS = range(10, 12)
#: A stage ends after so many seconds, or holds its clients back after so many operations.
SECONDS, OPERATIONS = 6, 700
#: What says that nothing was done.
REFUSED = {400, 503, "not sent"}


class Stage:
    """Objects that no other stage uses."""

    def __init__(self, number, replicas, dice):
        self.number, self.key = number, Key(number)
        self.replicas, self.dice = replicas, dice
        self.ports = {name: self.port(name) for name in "ab"}
        gateway = self.insist("CreateDirectConnectGateway", directConnectGatewayName="stage", amazonSideAsn=64600)
        self.gateway = gateway["directConnectGateway"]["directConnectGatewayId"]
        self.registers = {}
        for vlan in REGISTER_VLANS:
            self.registers[f"r{vlan}"] = self.register(vlan)
        #: Ids of virtual interfaces by the name that they were created with.
        self.known = {}
        self.count = 0

    def insist(self, operation, **body):
        """Anywhere. Stages are prepared while things go wrong, so a call may be made more than once."""
        for _ in range(120):
            try:
                status, answer = self.dice.choice(self.replicas).call(operation, key=self.key, **body)
            except (OSError, http.client.HTTPException, ValueError):
                status, answer = None, None
            if status == 200:
                return answer
            time.sleep(0.2)
        raise AssertionError(f"{operation} is never done: {answer}")

    def port(self, name):
        made = self.insist("CreateConnection", location="EqDC2", bandwidth="10Gbps", connectionName=name)
        found = {"connectionId": made["connectionId"]}
        until(
            lambda: self.insist("DescribeConnections", **found)["connections"][0]["connectionState"] == "available",
            "provisioning a port",
            timeout=120,
        )
        return made["connectionId"]

    def register(self, vlan):
        fields = self.interface("a", "first", vlan)
        for _ in range(100):
            try:
                self.dice.choice(self.replicas).call("CreatePrivateVirtualInterface", key=self.key, **fields)
            except (OSError, http.client.HTTPException, ValueError):
                pass
            shown = self.insist("DescribeVirtualInterfaces", connectionId=self.ports["a"])
            found = [one for one in shown["virtualInterfaces"] if one["vlan"] == vlan]
            if found:
                return found[0]["virtualInterfaceId"]
        raise AssertionError("a register is never made")

    def interface(self, port, name, vlan):
        fields = {"virtualInterfaceName": name, "vlan": vlan, "asn": 65000, "directConnectGatewayId": self.gateway}
        return {"connectionId": self.ports[port], "newPrivateVirtualInterface": fields}


class Clients:
    def __init__(self, replicas, seed):
        self.replicas, self.seed = replicas, seed
        self.lock = threading.Lock()
        self.history, self.counts = [], collections.Counter()
        self.answered = []
        self.stages = [self.prepare(1)]
        self.ending = threading.Event()
        self.failure = None

    def prepare(self, number):
        return Stage(number, self.replicas, random.Random(f"{self.seed} stage {number}"))

    def play(self, seconds):
        """All clients, for so long."""
        threads = [threading.Thread(target=self.client, args=(number,)) for number in range(CLIENTS)]
        threads.append(threading.Thread(target=self.manage))
        for thread in threads:
            thread.start()
        self.ending.wait(seconds)
        self.ending.set()
        for thread in threads:
            thread.join()
        if self.failure:
            raise self.failure

    def manage(self):
        try:
            while not self.ending.is_set():
                began = time.monotonic()
                following = self.prepare(len(self.stages) + 1)
                self.ending.wait(max(0, SECONDS - (time.monotonic() - began)))
                self.stages.append(following)
        except Exception as error:  # noqa: BLE001 (raised by play)
            self.failure = error
            self.ending.set()

    def client(self, number):
        dice = random.Random(f"{self.seed} client {number}")
        step = 0
        while not self.ending.is_set():
            step += 1
            time.sleep(dice.uniform(0, 0.05))
            stage = self.stages[-1]
            if stage.count >= OPERATIONS:
                continue
            stage.count += 1
            deeds = [self.create, self.create, self.move, self.delete, self.write, self.read, self.list, self.list]
            try:
                dice.choice(deeds)(stage, dice, f"{number}-{step}")
            except Exception as error:  # noqa: BLE001 (raised by play)
                self.failure = error
                self.ending.set()

    def call(self, stage, replica, operation, entry, **body):
        """The answer to a call that was done, after writing down what became of it; None for the others."""
        begun = time.monotonic_ns()
        try:
            status, answer = replica.call(operation, key=stage.key, **body)
        except NotSent:
            status, answer = "not sent", None
        except (OSError, http.client.HTTPException, ValueError):
            status, answer = "no answer", None
        ended = time.monotonic_ns()
        with self.lock:
            self.counts[operation, status] += 1
            if status == 200 and entry["call"] not in ("list", "read"):
                self.answered.append(ended)
        absent = status == 400 and "does not exist" in str(answer.get("message"))
        if absent and entry["call"] in ("move", "delete"):
            outcome = "absent"
        elif status in REFUSED:
            return None
        else:
            outcome = "yes" if status == 200 else "perhaps"
        line = {"stage": stage.number, "begun": begun, "ended": ended, "outcome": outcome, **entry}
        if outcome == "yes":
            line.update(self.shown(stage, line, answer))
        elif entry["call"] in ("list", "read"):
            return None
        with self.lock:
            self.history.append(line)
        return answer if outcome == "yes" else None

    @staticmethod
    def shown(stage, entry, answer):
        """What a read shows."""
        if entry["call"] == "read":
            return {"value": answer["virtualInterfaces"][0]["virtualInterfaceName"]}
        if entry["call"] == "list":
            live = [
                one for one in answer["virtualInterfaces"]
                if one["virtualInterfaceState"] not in ("deleted", "deleting") and one["vlan"] in VLANS
            ]  # fmt: skip
            found = {one["virtualInterfaceName"]: one["vlan"] for one in live}
            assert len(found) == len(live), f"stage {stage.number}: one name twice: {live}"
            return {"found": found}
        return {}

    # ===== what clients do =====

    def create(self, stage, dice, tag):
        port, vlan = dice.choice("ab"), dice.choice(VLANS)
        entry = {"call": "create", "name": tag, "port": port, "vlan": vlan}
        body = stage.interface(port, tag, vlan)
        answer = self.call(stage, dice.choice(self.replicas), "CreatePrivateVirtualInterface", entry, **body)
        if answer:
            stage.known[tag] = answer["virtualInterfaceId"]

    def move(self, stage, dice, _tag):
        known = list(stage.known.items())
        if known:
            (name, found), port = dice.choice(known), dice.choice("ab")
            entry = {"call": "move", "name": name, "port": port}
            body = {"virtualInterfaceId": found, "connectionId": stage.ports[port]}
            self.call(stage, dice.choice(self.replicas), "AssociateVirtualInterface", entry, **body)

    def delete(self, stage, dice, _tag):
        known = list(stage.known.items())
        if known:
            name, found = dice.choice(known)
            # Mostly not again, as others may find it too.
            stage.known.pop(name, None)
            entry = {"call": "delete", "name": name}
            self.call(stage, dice.choice(self.replicas), "DeleteVirtualInterface", entry, virtualInterfaceId=found)

    def write(self, stage, dice, tag):
        register, found = dice.choice(list(stage.registers.items()))
        entry = {"call": "write", "register": register, "value": tag}
        body = {"virtualInterfaceId": found, "virtualInterfaceName": tag}
        self.call(stage, dice.choice(self.replicas), "UpdateVirtualInterfaceAttributes", entry, **body)

    def read(self, stage, dice, _tag):
        self.read_register(stage, dice.choice(self.replicas), dice.choice(list(stage.registers)))

    def read_register(self, stage, replica, register):
        entry = {"call": "read", "register": register}
        body = {"virtualInterfaceId": stage.registers[register]}
        return self.call(stage, replica, "DescribeVirtualInterfaces", entry, **body)

    def list(self, stage, dice, _tag):
        self.list_port(stage, dice.choice(self.replicas), dice.choice("ab"))

    def list_port(self, stage, replica, port):
        entry = {"call": "list", "port": port}
        return self.call(stage, replica, "DescribeVirtualInterfaces", entry, connectionId=stage.ports[port])

    # ===== afterwards =====

    def look_back(self, replica):
        """What has become of all stages, as one more part of the history."""
        for stage in self.stages:
            for port in stage.ports:
                until(lambda s=stage, p=port: self.list_port(s, replica, p), "looking back")
            for register in stage.registers:
                until(lambda s=stage, r=register: self.read_register(s, replica, r), "looking back")

    def write_history(self, path):
        with open(path, "w", encoding="ascii") as file:
            for line in self.history:
                file.write(json.dumps(line) + "\n")

    def longest_pause(self):
        """The longest time in seconds without an answered write."""
        moments = sorted(self.answered)
        return max((after - before for before, after in zip(moments, moments[1:])), default=0) / 1e9
