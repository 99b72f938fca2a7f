"""Kills and freezes members and replicas, one at a time, and puts everything right again."""

import random
import threading
import time


class Nemesis(threading.Thread):
    def __init__(self, etcd, replicas, seed):
        super().__init__(daemon=True)
        self.etcd, self.replicas = etcd, replicas
        self.dice = random.Random(seed)
        self.stopping = threading.Event()
        self.done = []

    def run(self):
        deeds = [self.kill, self.freeze, self.kill_leader, self.compact, self.move_leader]
        while not self.stopping.wait(2):
            deed = deeds[len(self.done) % len(deeds)]
            self.done.append(deed.__name__)
            deed()

    def stop(self):
        self.stopping.set()
        self.join()

    def kill(self):
        victim = self.dice.choice([*self.etcd.members, *self.replicas])
        victim.kill()
        time.sleep(2)
        victim.start()

    def freeze(self):
        victim = self.dice.choice([*self.etcd.members, *self.replicas])
        victim.freeze()
        time.sleep(4)
        victim.thaw()

    def kill_leader(self):
        """The leader of the replicas: another one has to take over."""
        leaders = [replica for replica in self.replicas if replica.health()[1].get("role") == "leader"]
        if leaders:
            leaders[0].kill()
            time.sleep(5)
            leaders[0].start()

    def compact(self):
        self.etcd.compact()

    def move_leader(self):
        leader = self.etcd.leader()
        if leader:
            leader.kill()
            time.sleep(3)
            leader.start()
