"""A file system of its own on a loop device, for which one has to be root: small ones become full, and its power can be
cut: what was not synced is gone then, as EXT4_IOC_SHUTDOWN with NOLOGFLUSH drops it."""
import fcntl
import os
import struct
import subprocess
import tempfile
import time

from harness import DEADLINE

EXT4_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = 2


def run(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as e:
        raise OSError(str(e)) from e
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


class Disk:
    """An ext4 file system, in a `with`, at .path; OSError where none can be mounted."""

    def __init__(self, bytes):
        self.bytes = bytes

    def __enter__(self):
        self.root = tempfile.TemporaryDirectory(prefix="vsmd-disk-")
        self.image, self.path = os.path.join(self.root.name, "image"), os.path.join(self.root.name, "disk")
        os.mkdir(self.path)
        try:
            with open(self.image, "wb") as f:
                f.truncate(self.bytes)
            run("mkfs.ext4", "-q", "-F", self.image)
            self._mount()
        except OSError:
            self.root.cleanup()
            raise
        return self

    def __exit__(self, *_):
        run("umount", self.path)
        self.root.cleanup()

    def _mount(self):
        run("mount", "-o", "loop", self.image, self.path)

    def cut(self):
        """From here on nothing reaches the disk, and who writes is told so."""
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        os.close(fd)

    def again(self):
        """Power is back. Nobody has a file on it any more, or soon nobody will."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                run("umount", self.path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
        self._mount()


def why_none(bytes=24 << 20):
    """Why no disk can be had here, or None."""
    try:
        with Disk(bytes):
            return None
    except OSError as e:
        return str(e)
