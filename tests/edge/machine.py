"""A virtual machine with a kernel of Debian's, for what the kernel of this machine lacks: MACsec.

It sees the files of this machine and writes to none of them: what it writes is in its memory and gone when it
ends. Only `target/machine` is shared both ways. No hardware help is needed: the processor is emulated.
"""

import os
import pathlib
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: The package that always needs the newest kernel of the release.
META = "linux-image-cloud-amd64"
FILES = pathlib.Path("/usr/lib/qemu/virtiofsd")
EXIT = re.compile(r"^machine-exit (\d+)\s*$")
PROGRAMS = ("sh", "mount", "mkdir", "chroot", "insmod")
#: What it takes to reach the files of this machine.
EARLY = ("virtio_pci", "virtiofs", "overlay")
INIT = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
for module in {early}; do insmod /modules/$module.ko; done
mkdir -p /host /top /new
mount -t virtiofs -o ro host /host && mount -t tmpfs tmpfs /top || exit 1
mkdir -p /top/upper /top/work
mount -t overlay -o lowerdir=/host,upperdir=/top/upper,workdir=/top/work overlay /new || exit 1
mount -t proc proc /new/proc
mount -t sysfs sys /new/sys
mount -t devtmpfs dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts pts /new/dev/pts
mount -t tmpfs shm /new/dev/shm
mount -t tmpfs run /new/run
mount -t bpf bpf /new/sys/fs/bpf
mount -t virtiofs -o rw both /new{both}
mkdir -p /new/lib/modules/{version}
mount --bind /new{modules} /new/lib/modules/{version}
chroot /new /bin/sh {command}
echo o > /proc/sysrq-trigger
while :; do :; done
"""


def missing():
    """Why there can be no such machine here; None when there can."""
    if os.uname().machine != "x86_64":
        return "a virtual machine with MACsec: needs x86_64"
    if os.geteuid() != 0:
        return "a virtual machine with MACsec: needs root"
    for program in ("qemu-system-x86_64", "depmod"):
        if shutil.which(program) is None:
            return f"a virtual machine with MACsec: needs {program}"
    if not FILES.exists():
        return "a virtual machine with MACsec: needs virtiofsd (qemu-system-common)"
    return None


def target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "machine"


class NoKernel(Exception):
    """There is no kernel to be had; in words."""


def kernel():
    """Where the kernel is unpacked, which is done once: folder and version. It is never installed."""
    folder = target()
    folder.mkdir(parents=True, exist_ok=True)
    name = newest()
    unpacked = folder / name
    if not (unpacked / "ready").exists():
        shutil.rmtree(unpacked, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            got = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name], cwd=scratch,
                                 capture_output=True, text=True, timeout=300)
            packages = list(pathlib.Path(scratch).glob("*.deb"))
            if not packages:
                raise NoKernel(f"{name} cannot be downloaded: {got.stderr.strip()}")
            subprocess.run(["dpkg", "-x", packages[0], unpacked], check=True, timeout=300)
        version = name.removeprefix("linux-image-")
        subprocess.run(["depmod", "-b", unpacked, version], check=True, timeout=120)
        (unpacked / "ready").touch()
    return unpacked, name.removeprefix("linux-image-")


def newest():
    """The kernel that the meta package depends on now, or one that is unpacked already."""
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", META], capture_output=True, text=True)
    found = re.search(r"^Depends: .*?(linux-image-\d\S+-cloud-amd64)", shown.stdout, re.MULTILINE)
    if found:
        return found[1]
    there = sorted(ready.parent.name for ready in target().glob("linux-image-*/ready"))
    if not there:
        raise NoKernel(f"apt knows no {META}, and no kernel is unpacked in {target()}")
    return there[-1]


def archive(files):
    """An initial file system ("newc"): contents by path; folders have none."""
    whole = b""
    for number, (name, (mode, content)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))], 1):
        path = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
        whole += b"070701" + b"".join(b"%08x" % field for field in fields) + path
        whole += b"\0" * (-len(whole) % 4) + content
        whole += b"\0" * (-len(whole) % 4)
    return whole


def early(folder):
    """The files of the modules needed first, each behind those that it needs."""
    needs = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[pathlib.PurePath(path).stem] = [path, *others.split()]
    ordered = [path for module in EARLY for path in reversed(needs.get(module, []))]
    return [folder / path for path in dict.fromkeys(ordered)]


def initial(init, modules):
    """The initial file system: what is needed to reach the files of this machine."""
    files = {}

    def add(path, content, mode=stat.S_IFREG | 0o755):
        folder = pathlib.PurePath(path).parent
        if str(folder) not in (".", *files):
            add(str(folder), b"", stat.S_IFDIR | 0o755)
        files[path] = (mode, content)

    for folder in ("proc", "dev"):
        add(folder, b"", stat.S_IFDIR | 0o755)
    for program in PROGRAMS:
        path = shutil.which(program)
        add(f"bin/{program}", pathlib.Path(path).read_bytes())
        for library in re.findall(r"(/\S+\.so\S*)", subprocess.run(["ldd", path], capture_output=True, text=True).stdout):
            add(library.lstrip("/"), pathlib.Path(library).read_bytes())
    for path in modules:
        add(f"modules/{path.name}", path.read_bytes())
    add("init", init.encode())
    # The kernel looks for it here, whatever root the one has who needs a module.
    add("sbin/modprobe", b'#!/bin/sh\nexec /bin/chroot /new /sbin/modprobe "$@"\n')
    return archive(files)


def run(words, *, seconds, environment=None, memory="3G", say=None):
    """Boots, runs a command, and gives its exit status and what it wrote; `say` is called with each line as it
    comes. The status is None when the time was over or the machine ended otherwise."""
    unpacked, version = kernel()
    with tempfile.TemporaryDirectory(dir=target(), prefix="run-") as scratch:
        scratch = pathlib.Path(scratch)
        lines = ["PATH=/usr/sbin:/sbin:$PATH", "export PATH HOME=/root TERM=dumb"]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in (environment or {}).items()]
        lines += ["ip link set lo up", f"cd {shlex.quote(os.getcwd())}", f"{shlex.join(words)} </dev/null 2>&1",
                  'echo "machine-exit $?"']
        (scratch / "command").write_text("\n".join(lines) + "\n")
        folder = unpacked / "lib/modules" / version
        first = early(folder)
        init = INIT.format(early=" ".join(path.stem for path in first), version=version, modules=folder,
                           both=target(), command=scratch / "command")
        (scratch / "initial").write_bytes(initial(init, first))
        return watch(scratch, unpacked / f"boot/vmlinuz-{version}", seconds, memory, say or (lambda line: None))


def watch(scratch, image, seconds, memory, say):
    daemons = []
    try:
        # The unix socket of a long path would be refused.
        with tempfile.TemporaryDirectory(prefix="machine-") as sockets:
            shares = []
            for tag, source in (("host", "/"), ("both", str(target()))):
                path = f"{sockets}/{tag}"
                daemons.append(subprocess.Popen(
                    [FILES, f"--socket-path={path}", "-o", f"source={source}", "-o", "sandbox=chroot",
                     "-o", "cache=always" if tag == "host" else "cache=auto"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(scratch / tag).open("w")))
                shares += ["-chardev", f"socket,id={tag},path={path}",
                           "-device", f"vhost-user-fs-pci,chardev={tag},tag={tag}"]
                end = time.monotonic() + 10
                while not os.path.exists(path):
                    if daemons[-1].poll() is not None or time.monotonic() > end:
                        raise NoKernel(f"virtiofsd: {(scratch / tag).read_text().strip()}")
                    time.sleep(0.02)
            machine = subprocess.Popen(
                ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", memory,
                 "-object", f"memory-backend-memfd,id=all,size={memory},share=on", "-numa", "node,memdev=all",
                 "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
                 "-kernel", image, "-initrd", scratch / "initial",
                 "-append", "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off", *shares],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace")
            daemons.append(machine)
            late = threading.Timer(seconds, machine.kill)
            late.start()
            status, written = None, []
            for line in machine.stdout:
                found = EXIT.match(line)
                if found:
                    status = int(found[1])
                    continue
                written.append(line)
                say(line)
            late.cancel()
            machine.wait()
            return status, "".join(written)
    finally:
        for daemon in daemons:
            if daemon.poll() is None:
                daemon.kill()
            daemon.wait()


def main(words):
    """By hand: `python3 machine.py COMMAND...`."""
    reason = missing()
    if reason is not None or not words:
        raise SystemExit(reason or main.__doc__)
    status, _ = run(words, seconds=600, environment={"PATH": os.environ["PATH"]},
                    say=lambda line: print(line, end="", flush=True))
    raise SystemExit(125 if status is None else status)


if __name__ == "__main__":
    main(sys.argv[1:])
