"""System calls made in the place of another process, by ptrace: what code that
has taken it over could do, with its users, root, namespaces, filters, Landlock
rules and descriptors, and nothing else. x86-64; takes root.

    with tracee.Tracee(pid) as victim:
        result = victim.call("openat", -100, b"etc/passwd", 0, 0)

A result is that of the system call: -2 is ENOENT. Killed is raised when the
call ended the process. Bytes are put into a page of the process, and their
address is the argument. Afterwards the process goes on where it was.
"""

import ctypes
import os
import signal
import struct

CALLS = {
    "read": 0, "write": 1, "open": 2, "close": 3, "poll": 7, "lseek": 8,
    "mmap": 9, "mprotect": 10, "ioctl": 16, "sendfile": 40, "socket": 41,
    "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "bind": 49,
    "listen": 50, "clone": 56, "fork": 57, "vfork": 58, "execve": 59,
    "kill": 62, "rename": 82, "mkdir": 83, "link": 86, "unlink": 87,
    "symlink": 88, "chmod": 90, "chown": 92, "ptrace": 101, "setuid": 105,
    "setgid": 106, "setgroups": 116, "setresuid": 117, "capset": 126,
    "personality": 135, "pivot_root": 155, "prctl": 157, "chroot": 161,
    "mount": 165, "umount2": 166, "reboot": 169, "init_module": 175,
    "tkill": 200, "io_setup": 206, "tgkill": 234, "add_key": 248,
    "keyctl": 250, "openat": 257, "unlinkat": 263, "unshare": 272,
    "perf_event_open": 298, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "finit_module": 313, "memfd_create": 319,
    "bpf": 321, "execveat": 322, "userfaultfd": 323, "io_uring_setup": 425,
    "pidfd_send_signal": 424, "clone3": 435, "pidfd_open": 434,
    "openat2": 437, "pidfd_getfd": 438, "process_madvise": 440,
}
ATTACH, DETACH, STEP, GETREGS, SETREGS = 16, 17, 9, 12, 13
REGS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax "
        "rip cs eflags rsp ss fs_base gs_base ds es fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
SYSCALL = b"\x0f\x05"
PAGE = 65536

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long] * 2 + [ctypes.c_void_p] * 2


class Killed(Exception):
    """The call ended the process, by this signal."""


def ptrace(request, pid, address=None, data=None):
    if libc.ptrace(request, pid, address, data) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace {request}: {os.strerror(error)}")


class Tracee:
    def __init__(self, pid):
        self.pid, self.dead = pid, False
        ptrace(ATTACH, pid)
        self.wait()
        self.saved = self.registers()
        self.memory = open(f"/proc/{pid}/mem", "r+b", buffering=0)
        self.at = self.saved["rip"] - 2
        if self.peek(self.at, 2) != SYSCALL:
            self.close()
            raise RuntimeError(f"{pid} does not wait in a system call")
        # the one page that is needed, by the first call
        self.page = self.call("mmap", 0, PAGE, 3, 0x22, -1, 0)
        if self.page < 0:
            self.close()
            raise RuntimeError("no page")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def wait(self):
        _, status = os.waitpid(self.pid, 0x40000000)  # __WALL
        if os.WIFSIGNALED(status) or os.WIFEXITED(status):
            self.dead = True
            raise Killed(os.WTERMSIG(status) if os.WIFSIGNALED(status)
                         else 0)
        return os.WSTOPSIG(status)

    def peek(self, address, size):
        return os.pread(self.memory.fileno(), size, address)

    def poke(self, address, data):
        os.pwrite(self.memory.fileno(), data, address)

    def registers(self):
        words = (ctypes.c_ulong * len(REGS))()
        ptrace(GETREGS, self.pid, None, ctypes.addressof(words))
        return dict(zip(REGS, words))

    def set_registers(self, values):
        words = (ctypes.c_ulong * len(REGS))(*(values[r] for r in REGS))
        ptrace(SETREGS, self.pid, None, ctypes.addressof(words))

    def call(self, name, *args):
        regs = dict(self.saved)
        room = self.page if hasattr(self, "page") else 0
        for register, value in zip(ARGUMENTS, args):
            if isinstance(value, bytes):
                self.poke(room, value + b"\0")
                regs[register] = room
                room += len(value) + 16 & ~7
            else:
                regs[register] = value & (1 << 64) - 1
        regs["rax"] = CALLS[name]
        regs["orig_rax"] = (1 << 64) - 1  # nothing to be begun again
        regs["rip"] = self.at
        self.set_registers(regs)
        while True:
            ptrace(STEP, self.pid)
            if self.wait() == signal.SIGTRAP:
                break
        result = self.registers()["rax"]
        return result - (1 << 64) if result >> 63 else result

    def close(self):
        if hasattr(self, "memory"):
            self.memory.close()
        if self.dead:
            return
        self.dead = True
        try:
            self.set_registers(self.saved)
            ptrace(DETACH, self.pid)
        except OSError:
            pass  # killed by somebody else


def unix_address(path):
    """sockaddr_un; a name that begins with NUL is abstract."""
    return struct.pack("<H", 1) + path


def inet_address(address, port):
    return struct.pack(">BBH4s8x", 2, 0, port, bytes(
        int(n) for n in address.split(".")))
