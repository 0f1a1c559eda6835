"""What the samples of a load are spent on: a small number of costs, each known
by the names of functions, libraries and source files.

A pattern is a word with * and ?. One without dot and slash is a function,
"libX.so*" a library, "front/libX.so*" that library in the process front,
"slapd/*" all of that process's own code, and "lib/mime/*.c" all functions of
these files of ours, static ones too. The first cost with a pattern that fits
has the sample; what fits none is OTHER.
"""

import fnmatch
import functools
import os
import re
import subprocess
from collections import Counter

OTHER = "other"
IGNORED = "perf itself"
SOCKETS = "kernel: sending and receiving on sockets"
WRITING = "kernel: writing and syncing the disk"
READING = "kernel: reading files"
# What the kernel's threads, and interrupts of an idle CPU, do for Chancery.
ON_BEHALF = (SOCKETS, WRITING, READING)
LEAST = 0.02  # of a cost that is kept

# Of the kernel's frames the innermost that fits any pattern decides.
KERNEL = (
    (IGNORED, "perf_* __perf_*"),
    ("kernel: seccomp judging calls",
     "*seccomp* __secure_computing populate_seccomp_data"),
    ("kernel: page faults",
     "asm_exc_page_fault exc_page_fault handle_mm_fault "
     "__handle_mm_fault do_anonymous_page do_wp_page "
     "filemap_map_pages"),
    ("kernel: fork, exec, exit",
     "kernel_clone copy_process dup_mm* ret_from_fork* schedule_tail do_exit "
     "do_group_exit exit_mmap exit_mm* mmput __mmput do_execveat* bprm_* "
     "begin_new_exec load_elf_* do_wait* wait_task_* release_task "
     "delayed_put_task_struct __put_task_struct free_task"),
    ("kernel: network namespaces that end",
     "cleanup_net tcp_metrics_flush_all inet_twsk_purge"),
    ("kernel: waking and switching processes",
     "schedule __schedule schedule_* preempt_schedule* finish_task_switch* "
     "try_to_wake_up ttwu_* wake_up_* __wake_up* default_wake_function "
     "ep_poll_callback pollwake sched_* pick_next_task* task_tick_* "
     "update_process_times sock_def_readable sock_def_write_space "
     "*reschedule_ipi"),
    (SOCKETS,
     "tcp_* __tcp_* inet_* __inet_* ip_* __ip_* unix_* skb_* __skb_* sk_* "
     "__sk_* sock_* __sock_* __sys_send* __sys_recv* ___sys_* net_rx_action "
     "__netif_* netif_* process_backlog loopback_xmit dev_* __dev_* ipv4_* "
     "nf_* __alloc_skb alloc_skb* consume_skb kfree_skb* scm_* __scm_* "
     "lock_sock_nested release_sock __release_sock __sys_accept* "
     "__sys_connect* __sys_socket* __sys_shutdown* __sys_*sockopt "
     "do_accept mptcp_* ipv6_* simple_copy_to_iter"),
    (WRITING,
     "ext4_*sync* ext4_file_write_iter ext4_buffered_write_iter "
     "ext4_*writepages ext4_da_* ext4_dio_write* ext4_write* jbd2_* "
     "__jbd2_* blk_* __blk_* submit_bio* __submit_bio bio_* virtblk_* "
     "virtio_* virtqueue_* nvme_* vfs_fsync* do_fsync do_writepages "
     "file_write_and_wait* generic_perform_write balance_dirty* "
     "iomap_dio* wb_* writeback_* __writeback_* ext4_*map* btrfs_* xfs_*"),
    (READING,
     "filemap_read ext4_file_read_iter generic_file_read_iter "
     "page_cache_ra* ext4_mpage_readpages splice_* do_sendfile"),
    ("kernel: opening, naming and closing files",
     "do_sys_open* do_filp_open path_* link_path_walk __fput filp_close "
     "*_openat* *_close vfs_stat* vfs_fstat* vfs_unlink do_unlinkat "
     "do_renameat* getname*"),
    ("kernel: mapping memory",
     "do_mmap vm_mmap* do_munmap do_vmi_* __vm_munmap *_munmap *_brk "
     "do_madvise do_mprotect* ksys_mmap* *_mremap"),
    ("kernel: waiting for events (epoll)",
     "ep_* do_epoll_* __ep_* *_epoll_* do_sys_poll *_poll "
     "do_select core_sys_select eventfd_*"),
    ("kernel: locks and timers",
     "futex_* do_futex *_futex posix_lock* fcntl_* flock_* hrtimer_* "
     "__hrtimer_* do_setitimer *_timer_settime *nanosleep"),
    ("kernel: interrupts",
     "*_interrupt irq_* __irq_* handle_softirqs __do_softirq do_softirq* "
     "rcu_* tick_* asm_sysvec_* sysvec_* common_interrupt"),
    ("kernel: entering and leaving calls",
     "entry_SYSCALL_64* do_syscall_64 syscall_* x64_sys_call __x64_sys_* "
     "vfs_read* vfs_write* ksys_* do_preadv do_pwritev exit_to_user_mode* "
     "srso_* retbleed_* clear_bhb_loop asm_*"),
)

USER = (
    ("the directory (slapd, LDAP)",
     "slapd/* libldap* liblber* lib/dict/ldap*.c"),
    ("TLS",
     "libssl.so* front/libcrypto.so* smtp/libcrypto.so* lib/net/tls*.c"),
    ("passwords and tickets",
     "libcrypto.so* libargon2.so* libsasl2.so* authd/*.c lib/auth/*.c"),
    ("index (LMDB)", "liblmdb.so* lib/kv/*.c"),
    ("checksums and hashes", "XXH* lib/base/hash.c /usr/include/xxhash.h"),
    ("copying and clearing memory", "*memcpy* *memmove* *mempcpy* *memset* "
     "explicit_bzero*"),
    ("malloc and free",
     "malloc free cfree calloc realloc _int_* __libc_*alloc __libc_free "
     "*malloc* unlink_chunk* sysmalloc tcache_* lib/base/alloc.c "
     "lib/base/arena.c"),
    ("logging and formatting",
     "*printf* *_itoa* _IO_* *localtime* __tz* *mktime* *strftime* logd/*.c "
     "lib/base/log.c lib/base/time.c"),
    ("MIME digest", "lib/mime/*.c lib/store/digest*.c"),
    ("searching text", "imapd/search*.c"),
    ("parsing SMTP and LMTP", "lib/smtpproto/*.c"),
    ("parsing IMAP", "lib/imap/*.c imapd/input.c"),
    ("the queue (qmgr)", "qmgr/*.c lib/queue/*.c"),
    ("the segment log", "lib/seglog/*.c"),
    ("batches of the store (stored)", "stored/*.c lib/store/journal.c"),
    ("rows of the store, as a session reads them", "lib/store/*.c"),
    ("addresses (rewrite)",
     "rewrite/*.c lib/rewritec/*.c lib/dict/*.c dnsd/*.c lib/dnsc/*.c"),
    ("messages between processes", "lib/ipc/*.c"),
    ("event loop", "libevent*.so*"),
    ("streams, lines and buffers",
     "lib/net/*.c lib/base/buf.c lib/base/str.c lib/base/num.c "
     "lib/base/list.c lib/base/bulk.c"),
    ("looking through bytes (memchr and its kin)",
     "*memchr* *memrchr* *memcmp* *memmem* *strlen* *strnlen* *strcmp* "
     "*strncmp* *strchr* *strrchr* *strcspn* *strspn* *strcase* "
     "*strncase* *strstr* bcmp"),
    ("sessions of front", "front/*.c"),
    ("sessions of smtpd", "smtpd/*.c"),
    ("sessions of lmtpd and smtp", "lmtpd/*.c smtp/*.c"),
    ("IMAP commands and their answers", "imapd/*.c"),
    ("POP3 commands and their answers", "pop3d/*.c"),
    ("the daemons' skeleton, birth and end of processes",
     "ld-linux* *fork* _Fork *_exit* *atexit* lib/service/*.c master/*.c "
     "lib/base/sandbox.c lib/base/landlock.c lib/base/promises.c "
     "lib/base/syscalls.c libseccomp.so*"),
    ("sorting", "*qsort* msort_with_tmp*"),
    ("compression", "libz.so*"),
    ("the base library", "lib/base/*.c lib/conf/*.c"),
    ("the C library's side of calls and locks",
     "[[]vdso[]] *epoll_wait* *recv* *send* *read* *write* *poll* *syscall* "
     "*@plt *clock_gettime* *pthread* *close* *open* *accept* *time* "
     "*lll_lock* __errno_location"),
)


def compiled(table):
    return [(cost, re.compile("|".join(
        fnmatch.translate(word) for word in words.split())))
        for cost, words in table]


KERNEL_RULES, USER_RULES = compiled(KERNEL), compiled(USER)


@functools.cache
def first(rules, *names):
    """The cost of whatever goes by these names; or None."""
    table = KERNEL_RULES if rules == "kernel" else USER_RULES
    return next((cost for cost, pattern in table
                 if any(pattern.match(name) for name in names)), None)


class Sources:
    """Which file of ours a function is from."""

    def __init__(self, top, build):
        self.top, self.build = top, build
        self.known = {}  # {program: {function: file}}

    def of(self, frame):
        if not frame.file.startswith(self.build + os.sep):
            return ""
        if frame.file not in self.known:
            self.known[frame.file] = self.read(frame.file)
        return self.known[frame.file].get(frame.symbol, "")

    def read(self, program):
        """Static functions of one name are told apart by none: the largest
        is the one that costs something."""
        told = subprocess.run(["nm", "-lS", "--size-sort", "--defined-only",
                               program], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        found = {}
        for line in told.splitlines():
            words, _, where = line.partition("\t")
            if where:
                found[words.split()[3]] = self.below(where.split(":")[0])
        return found

    def below(self, path):
        """A path in the sources, wherever they were compiled."""
        words = path.split(os.sep)
        for n in range(1, len(words)):
            short = os.sep.join(words[n:])
            if os.path.exists(os.path.join(self.top, short)):
                return short
        return path


def judge(sample, sources):
    """(the cost of a sample, the function by which it was known)."""
    for frame in sample.frames:
        if not frame.is_kernel:
            break
        if cost := first("kernel", frame.symbol):
            return cost, frame.symbol
    if not sample.frames:
        return OTHER, "[unknown]"
    frame = sample.frames[0]
    name = os.path.basename(frame.file)
    shown = frame.symbol if frame.symbol != "[unknown]" else name
    if frame.is_kernel:
        return OTHER, shown
    return first("user", frame.symbol, name, f"{sample.comm}/{name}",
                 sources.of(frame)) or OTHER, shown


def is_idle(sample):
    """An idle CPU's sample; not that of an interrupt which came to it."""
    return sample.owner == "idle" and not any(
        re.search("irq|interrupt|sysvec", frame.symbol)
        for frame in sample.frames[1:])


class Tally:
    """Where the CPUs' time went while a load ran."""

    def __init__(self, samples, sources):
        self.total = 0
        self.processes = Counter()  # of both CPUs
        self.costs = {}  # {cost: (Counter of processes, of functions)}
        for sample in samples:
            self.total += 1
            self.processes[self.count(sample, sources)] += 1

    def count(self, sample, sources):
        """Whose it is; if it is ours its cost has been counted."""
        if sample.owner not in ("chancery", "kernel", "idle"):
            return sample.owner
        if is_idle(sample):
            return "idle"
        cost, function = judge(sample, sources)
        if cost == IGNORED:
            return "perf"
        if sample.owner != "chancery" and cost not in ON_BEHALF:
            return "others"
        who = sample.comm if sample.owner == "chancery" else "kernel"
        processes, functions = self.costs.setdefault(
            cost, (Counter(), Counter()))
        processes[who] += 1
        functions[function] += 1
        return who

    def ours(self):
        """How many samples are of Chancery, and of the kernel for it."""
        return sum(processes.total() for processes, _ in self.costs.values())

    def figures(self):
        """As report.py keeps them: shares of 1, small costs left out."""
        ours = max(self.ours(), 1)

        def largest(counter, count):
            return [[name, round(n / ours, 4)] for name, n in
                    counter.most_common(count) if n / ours >= 0.0005]
        costs = [{"cost": cost, "share": round(processes.total() / ours, 4),
                  "processes": largest(processes, 4),
                  "functions": largest(functions, 4)}
                 for cost, (processes, functions) in self.costs.items()]
        return {"samples": self.total, "ours": self.ours() / self.total,
                "processes": {name: round(n / self.total, 4) for name, n in
                              self.processes.items()},
                "costs": [cost for cost in
                          sorted(costs, key=lambda cost: -cost["share"])
                          if cost["cost"] == OTHER or cost["share"] >= LEAST]}
