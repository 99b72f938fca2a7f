"""What goes wrong, one thing at a time, and is put right again."""

import random
import threading
import time

from processes import find_faketime


class Nemesis(threading.Thread):
    """Does every deed once, in a random order, and again, until it is stopped."""

    def __init__(self, etcd, replicas, network, seed):
        super().__init__(daemon=True)
        self.etcd, self.replicas, self.network = etcd, replicas, network
        self.dice = random.Random(seed)
        self.stopping = threading.Event()
        self.done, self.failure = [], None

    def deeds(self):
        deeds = [
            self.kill_member, self.kill_replica, self.kill_etcd_leader, self.kill_leading_replica,
            self.freeze_member, self.freeze_replica, self.freeze_leading_replica,
            self.compact, self.compact_behind_a_replica, self.move_leader, self.lose_quorum, self.fill_quota,
        ]  # fmt: skip
        if self.network:
            deeds += [
                self.cut_member_off, self.cut_replica_off, self.cut_leading_replica_off, self.cut_one_link,
                self.split_members,
            ]  # fmt: skip
        if find_faketime():
            deeds += [self.clock_ahead, self.clock_behind, self.leaders_clock_ahead]
        return deeds

    def run(self):
        try:
            while True:
                deeds = self.deeds()
                self.dice.shuffle(deeds)
                for deed in deeds:
                    if self.stopping.wait(self.dice.uniform(0.5, 2)):
                        return
                    if not self.etcd.has_room():
                        # What is written between two compactions may fill it, too.
                        self.etcd.empty()
                    self.done.append(deed.__name__)
                    deed()
        except Exception as error:  # noqa: BLE001 (the test raises it)
            self.failure = error

    def stop(self):
        self.stopping.set()
        self.join()
        if self.failure:
            raise self.failure

    def last(self, least, most):
        time.sleep(self.dice.uniform(least, most))

    def any_member(self):
        return self.dice.choice(self.etcd.members)

    def any_replica(self):
        return self.dice.choice(self.replicas)

    def leading_replica(self):
        leaders = [replica for replica in self.replicas if replica.health()[1].get("role") == "leader"]
        return leaders[0] if leaders else self.any_replica()

    # ===== processes =====

    def kill(self, victim):
        victim.kill()
        self.last(1, 4)
        victim.start()

    def freeze(self, victim):
        victim.freeze()
        self.last(2, 6)
        victim.thaw()

    def kill_member(self):
        self.kill(self.any_member())

    def kill_replica(self):
        self.kill(self.any_replica())

    def kill_etcd_leader(self):
        self.kill(self.etcd.leader() or self.any_member())

    def kill_leading_replica(self):
        """Another one has to take over."""
        victim = self.leading_replica()
        victim.kill()
        self.last(4, 6)
        victim.start()

    def freeze_member(self):
        self.freeze(self.any_member())

    def freeze_replica(self):
        self.freeze(self.any_replica())

    def freeze_leading_replica(self):
        """It wakes up believing that it still leads."""
        self.freeze(self.leading_replica())

    def lose_quorum(self):
        victims = self.dice.sample(self.etcd.members, 2)
        for victim in victims:
            victim.kill()
        self.last(2, 5)
        for victim in victims:
            victim.start()

    # ===== etcd =====

    def compact(self):
        self.etcd.compact()

    def compact_behind_a_replica(self):
        """What it missed is gone when it wakes up."""
        victim = self.any_replica()
        victim.freeze()
        self.last(2, 4)
        self.etcd.compact()
        victim.thaw()

    def move_leader(self):
        self.etcd.move_leader()

    def fill_quota(self):
        try:
            if self.etcd.fill():
                self.last(1, 3)
        finally:
            self.etcd.empty()

    # ===== links =====

    def cut_off(self, victim, others):
        self.network.cut(victim.host, [other.host for other in others])
        self.last(3, 7)
        self.network.mend(victim.host)

    def cut_member_off(self):
        victim = self.any_member()
        self.cut_off(victim, [other for other in [*self.etcd.members, *self.replicas] if other is not victim])

    def cut_replica_off(self):
        self.cut_off(self.any_replica(), self.etcd.members)

    def cut_leading_replica_off(self):
        self.cut_off(self.leading_replica(), self.etcd.members)

    def cut_one_link(self):
        self.cut_off(self.any_replica(), [self.any_member()])

    def split_members(self):
        """The leader cannot talk to the others, but replicas can talk to all."""
        leader = self.etcd.leader() or self.any_member()
        self.cut_off(leader, [other for other in self.etcd.members if other is not leader])

    # ===== clocks =====

    def skew(self, victim, seconds):
        victim.put_clock(seconds)
        self.last(4, 7)
        victim.put_clock(0)

    def clock_ahead(self):
        self.skew(self.any_replica(), self.dice.randint(5, 30))

    def clock_behind(self):
        self.skew(self.any_replica(), -self.dice.randint(5, 30))

    def leaders_clock_ahead(self):
        """Deadlines fire early, and the clock goes back."""
        self.skew(self.leading_replica(), self.dice.randint(5, 30))
