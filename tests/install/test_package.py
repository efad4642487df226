"""The packages in a throw-away root: installed, at work, upgraded, removed and purged.

test_package.py PACKAGES: the root is this system under an overlay, so that nothing is fetched, and all that a purge
leaves lies in the overlay's upper directory. test_package.py PACKAGES --debootstrap: a fresh Debian 12, which is fetched.
Needs root and namespaces; ends with 77 where it cannot have them.
"""
import ctypes
import fcntl
import glob
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NEEDED = ("dpkg-deb", "lintian", "chroot", "mount", "setpriv", "cc", "pkg-config")
USERS = ("vsmd", "vsm-notify", "vsm-web", "vsm-agent")
VERSION, NEXT = "0.1.0", "0.1.0+next"
EDIT = "# edited by hand\n"
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
DEADLINE = 30.0
# What dpkg and the tools for users write for themselves, and a purge of one package does not undo.
BOOKS = re.compile(r"(var/lib/dpkg|var/log|var/cache|var/lib/apt|tmp|run|dev|proc)(/|$)"
                   r"|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|etc/\.pwd\.lock$|etc/ld\.so\.cache$")


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def own_namespaces():
    """Mounts and a network of our own, which end with us."""
    new_mounts, new_network, recursive_private, set_flags, up = 0x20000, 0x40000000, 0x44000, 0x8914, 1
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_mounts | (0 if FRESH else new_network)) != 0:
        return False
    libc.mount(b"none", b"/", None, recursive_private, None)
    if not FRESH:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, set_flags, struct.pack("16sh22x", b"lo", up))
    return True


class Root:
    """The throw-away root, at `path`."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="vsm-root-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "none", self.directory], check=True)
        self.path, self.upper = (os.path.join(self.directory, name) for name in ("root", "upper"))
        for name in ("root", "upper", "work"):
            os.mkdir(os.path.join(self.directory, name))
        if FRESH:
            subprocess.run(["debootstrap", "--variant=minbase", SUITE, self.path, MIRROR], check=True, stdout=subprocess.DEVNULL)
        else:
            options = f"lowerdir=/,upperdir={self.upper},workdir={self.directory}/work"
            if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.path]).returncode != 0:
                skip("no overlay can be mounted here")
        for name, kind in (("proc", "proc"), ("run", "tmpfs"), ("tmp", "tmpfs")):
            subprocess.run(["mount", "-t", kind, "none", os.path.join(self.path, name)], check=True)
        subprocess.run(["mount", "--rbind", "/dev", os.path.join(self.path, "dev")], check=True)
        if FRESH:
            shutil.copy("/etc/resolv.conf", os.path.join(self.path, "etc"))

    def run(self, *command, check=True):
        done = subprocess.run(["chroot", self.path, *command], capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})
        if check and done.returncode != 0:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def install(self, *packages):
        names = []
        for package in packages:
            shutil.copy(package, os.path.join(self.path, "tmp"))
            names.append("/tmp/" + os.path.basename(package))
        if FRESH:
            self.run("apt-get", "install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", *names)
        else:
            self.run("dpkg", "--force-confold", "--force-unsafe-io", "-i", *names)

    def read(self, path):
        with open(os.path.join(self.path, path), encoding="utf-8") as f:
            return f.read()

    def write(self, path, text):
        with open(os.path.join(self.path, path), "w", encoding="utf-8") as f:
            f.write(text)

    def has(self, path):
        return os.path.lexists(os.path.join(self.path, path))

    def enabled(self, unit):
        return self.has(f"etc/systemd/system/multi-user.target.wants/{unit}.service")

    def changed(self):
        """What differs from the system below, but for the tools' own books: a set of paths."""
        there = set()
        for directory, _, files in os.walk(self.upper):
            inner = os.path.relpath(directory, self.upper)
            there |= {os.path.normpath(os.path.join(inner, name)) for name in files}
        return {path for path in there if not BOOKS.match(path)}

    def users(self):
        return [self.read(f"etc/{name}") for name in ("passwd", "group")]


class Service:
    """A program of the root, run as its unit would: as its user, in its state directory."""

    def __init__(self, root, name, *arguments):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="vsm-service-")
        state = os.path.join(root.path, "var/lib", name)
        os.makedirs(state, mode=0o700, exist_ok=True)
        root.run("chown", name, "/var/lib/" + name)
        self.process = subprocess.Popen(["chroot", root.path, "setpriv", "--reuid", name, "--regid", name, "--clear-groups", "--no-new-privs",
                                         f"/usr/sbin/{name}", *arguments], stderr=self.log, stdin=subprocess.DEVNULL, cwd="/")

    def said(self):
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def __enter__(self):
        end = time.monotonic() + DEADLINE
        while "event=ready" not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("did not start:\n" + self.said())
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        return self

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        if self.process.wait(DEADLINE) != 0 and kind is None:
            raise AssertionError("did not end well:\n" + self.said())
        self.log.close()


def next_version(package, directory):
    """The same package, of a later version and with other defaults in /etc."""
    tree = os.path.join(directory, "tree")
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = os.path.join(tree, "DEBIAN/control")
    with open(control, encoding="utf-8") as f:
        text = f.read()
    with open(control, "w", encoding="utf-8") as f:
        f.write(text.replace(f"\nVersion: {VERSION}\n", f"\nVersion: {NEXT}\n"))
    for name in ("vsmd.yaml", "notify.yaml"):
        with open(os.path.join(tree, "etc/vsmd", name), "a", encoding="utf-8") as f:
            f.write("# of the next version\n")
    made = os.path.join(directory, f"vsmd_{NEXT}.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, made], check=True, stdout=subprocess.DEVNULL)
    return made


def commands_of_the_page():
    """What docs/operating.md tells its reader to type, but for what asks systemd or apt: there is none in the root."""
    with open(os.path.join(SOURCE, "docs/operating.md"), encoding="utf-8") as f:
        blocks = re.findall(r"^```sh\n(.*?)^```$", f.read(), re.S | re.M)
    return [line for block in blocks for line in block.splitlines() if not re.match(r"(systemctl|journalctl|apt) ", line)]


class Packages(unittest.TestCase):
    def package(self, name):
        (path,) = glob.glob(os.path.join(PACKAGES, f"{name}_*.deb"))
        return path

    def test_lintian(self):
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *map(self.package, ("vsmd", "libvsm1", "libvsm-dev"))],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_the_life_of_the_daemon(self):
        root = Root()
        users = root.users()
        root.install(self.package("vsmd"))
        for user in USERS:
            self.assertRegex(root.run("getent", "passwd", user), rf"^{user}:.*:/usr/sbin/nologin$")
        self.assertEqual([root.enabled(unit) for unit in USERS[:3]], [True, False, False])
        root.run("vsmd", "--config", "/etc/vsmd/vsmd.yaml", "--check")
        root.run("vsm-notify", "--config", "/etc/vsmd/notify.yaml", "--check")
        self.work(root)

        default = root.read("etc/vsmd/vsmd.yaml")
        root.write("etc/vsmd/vsmd.yaml", default + EDIT)
        root.run("systemctl", "--root=/", "disable", "vsmd.service")
        root.install(next_version(self.package("vsmd"), root.directory))
        self.assertIn(NEXT, root.run("dpkg-query", "-W", "-f", "${Version}", "vsmd"))
        self.assertEqual(root.read("etc/vsmd/vsmd.yaml"), default + EDIT)
        self.assertIn("# of the next version", root.read("etc/vsmd/notify.yaml"))
        self.assertFalse(root.enabled("vsmd"))  # as whoever disabled it wants
        with Service(root, "vsmd", "--config", "/etc/vsmd/vsmd.yaml"):
            self.assertIn("order:4711", root.run("vsm", "item", "order:4711"))

        root.run("dpkg", "--remove", "vsmd")
        self.assertEqual(root.read("etc/vsmd/vsmd.yaml"), default + EDIT)
        self.assertTrue(root.has("var/lib/vsmd/journal.db"))
        self.assertFalse(root.has("usr/sbin/vsmd"))
        root.run("dpkg", "--purge", "vsmd")
        self.assertEqual(root.users(), users) if not FRESH else self.assertNotIn("vsm", "".join(root.users()))
        self.assertEqual(root.run("find", "/etc", "/usr", "/var/lib", "-xdev", "-name", "*vsm*", "-newer", "/proc/1/stat",
                                  "-not", "-path", "/var/lib/dpkg/*") if FRESH else root.changed(), "" if FRESH else set())

    def work(self, root):
        """The page's commands, an event among them, and what each program makes of it."""
        commands = commands_of_the_page()
        self.assertIn("vsm emit --source shop --type order.placed --subject 4711", commands)
        with Service(root, "vsmd", "--config", "/etc/vsmd/vsmd.yaml"):
            for command in commands:
                root.run(*command.split())
            self.assertTrue(root.has("root/vsmd-backup/journal.db"))
            shutil.rmtree(os.path.join(root.path, "root/vsmd-backup"))
            with Service(root, "vsm-notify", "--config", "/etc/vsmd/notify.yaml"), Service(root, "vsm-web"):
                self.assertIn("order:4711", root.run("vsm", "items"))
            self.follow(root)

    def follow(self, root):
        """An agent, as its unit runs it."""
        directory, unit = "var/lib/vsm-agent/orders", root.read("lib/systemd/system/vsm-agent@.service")
        self.assertIn("\nStateDirectory=vsm-agent/%i\n", unit)
        os.makedirs(os.path.join(root.path, directory))
        root.run("chown", "-R", "vsm-agent:", "/var/lib/vsm-agent")
        root.write("etc/vsmd/agent-orders.env", f"AGENT=file /{directory} --once\n")
        root.write(f"{directory}/monday.csv", "source,type,subject,time\nshop,order.placed,4712,2026-11-27T12:00:00Z\n")
        root.run("systemctl", "--root=/", "enable", "vsm-agent@orders.service")
        environment = re.search(r"^EnvironmentFile=(.*)$", unit, re.M).group(1).replace("%i", "orders")
        command = re.search(r"^ExecStart=(.*)$", unit, re.M).group(1)
        words = root.read(environment.lstrip("/")).strip().removeprefix("AGENT=").split()
        root.run("setpriv", "--reuid", "vsm-agent", "--regid", "vsm-agent", "--clear-groups", "--no-new-privs",
                 *(part for word in command.split() for part in (words if word == "$AGENT" else [word])))
        self.assertTrue(root.has(f"{directory}/done/monday.csv"))
        self.assertIn("order:4712", root.run("vsm", "items"))

    def test_a_program_with_the_library(self):
        root = Root()
        root.install(self.package("vsmd"), self.package("libvsm1"), self.package("libvsm-dev"))
        if FRESH:
            root.run("apt-get", "install", "-y", "--no-install-recommends", "gcc", "libc6-dev", "pkg-config")
        flags = root.run("pkg-config", "--cflags", "--libs", "libvsm").split()
        root.run("cc", "-o", "/tmp/query", "/usr/share/doc/libvsm-dev/examples/query.c", *flags)
        with Service(root, "vsmd", "--config", "/etc/vsmd/vsmd.yaml"):
            self.assertIn("\"version\"", root.run("/tmp/query"))
        if not FRESH:
            self.assertIn("libvsm.so.1", root.run("readelf", "-d", "/tmp/query"))
            root.run("dpkg", "--purge", "libvsm-dev", "libvsm1", "vsmd")
            self.assertEqual(root.changed(), set())


if __name__ == "__main__":
    PACKAGES, FRESH = os.path.abspath(sys.argv[1]), "--debootstrap" in sys.argv[2:]
    missing = [name for name in NEEDED + ("debootstrap",) * FRESH if not shutil.which(name)]
    if missing:
        skip("not installed: " + " ".join(missing))
    if os.getuid() != 0 or not own_namespaces():
        skip("needs root, and leave to mount")
    if not glob.glob(os.path.join(PACKAGES, "vsmd_*.deb")):
        sys.exit(f"no packages in {PACKAGES}; ./dev package makes them")
    unittest.main(argv=sys.argv[:1], verbosity=2)
