#include "base/promises.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/attr.h"

#define EXACT 0xffffffffu
#define ANY                                                                    \
	{                                                                      \
		0, 0, 0                                                        \
	}
/* Seen in every daemon that has the word. */
#define SEEN(name)                                                             \
	{                                                                      \
		SCMP_SYS(name), ANY, NULL                                      \
	}
/* Not seen in each, and why it is here. */
#define ALSO(name, why)                                                        \
	{                                                                      \
		SCMP_SYS(name), ANY, why                                       \
	}
/* With this argument only. */
#define ONLY(name, arg, mask, value, why)                                      \
	{                                                                      \
		SCMP_SYS(name), { arg, mask, value }, why                      \
	}

/* Namespaces are never made inside. */
#define CLONE_FORBIDDEN                                                        \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE |       \
	    CLONE_UNTRACED)

/* clang-format off */
static const struct permitted_call stdio_calls[] = {
	SEEN(close),
	SEEN(munmap),
	SEEN(recvmsg), /* words and descriptors from master, or handed over */
	SEEN(sendto),  /* the log */
	SEEN(write),
	SEEN(exit_group),
	SEEN(rt_sigaction),
	ONLY(mmap, 2, PROT_EXEC, 0, "memory, but no code"),
	ONLY(mprotect, 2, PROT_EXEC, 0, "memory, but no code"),
	ALSO(brk, "malloc, when its first pages are used up"),
	ALSO(mremap, "realloc of large blocks"),
	ALSO(madvise, "free gives memory back"),
	ALSO(read, "pipes, signals of libevent, the words of master"),
	ALSO(pread64, "main.cf, in a sealed memfd, after a reload"),
	ALSO(recvfrom, "sockets: recv"),
	ALSO(sendmsg, "frames, with or without descriptors"),
	ALSO(poll, "waiting for one peer, with a limit"),
	ALSO(getrandom, "ids, seeds, TLS"),
	ALSO(getpid, "OpenSSL asks whether it was forked"),
	ALSO(rt_sigreturn, "every signal handler, SIGTERM's to begin with"),
	ALSO(rt_sigprocmask, "abort, and fork"),
	ALSO(gettid, "abort"),
	ALSO(tgkill, "abort"),
	ALSO(futex, "locks in libraries; exit"),
	ALSO(restart_syscall, "the kernel's own, after a stop"),
	ALSO(clock_gettime, "the time where there is no vDSO"),
	ALSO(gettimeofday, "the time where there is no vDSO"),
	ALSO(time, "the time where there is no vDSO"),
	ALSO(clock_getres, "libevent looks at the clock's grain"),
	ALSO(clock_nanosleep, "a reader's short wait for a new epoch"),
	ALSO(lseek, "stdio, on what it reads"),
	ALSO(sysinfo, "qsort of over 1 KiB asks how much memory there is"),
	ONLY(newfstatat, 3, EXACT, AT_EMPTY_PATH, "fstat"),
	ALSO(fstat, "fstat of C libraries after glibc 2.36"),
	ONLY(fcntl, 1, EXACT, F_GETFL, "non-blocking or not"),
	ONLY(fcntl, 1, EXACT, F_SETFL, "non-blocking or not"),
	ONLY(fcntl, 1, EXACT, F_GETFD, "close on exec"),
	ONLY(fcntl, 1, EXACT, F_SETFD, "close on exec"),
	ONLY(fcntl, 1, EXACT, F_DUPFD_CLOEXEC, "dup"),
	/* reads its own limits (no new ones: that pointer is NULL) */
	ONLY(prlimit64, 2, UINT64_MAX, 0, "getrlimit, in libraries"),
};

static const struct permitted_call event_calls[] = {
	SEEN(epoll_wait),
	SEEN(epoll_ctl),
	ALSO(accept4, "who comes in by an edge; logd has none"),
	ALSO(readv, "evbuffer_read"),
	ALSO(writev, "evbuffer_write"),
	ONLY(ioctl, 1, EXACT, FIONREAD, "evbuffer_read"),
	ALSO(getsockopt, "the outcome of a connect"),
	ALSO(shutdown, "a peer that is told no more"),
};

static const struct permitted_call fork_calls[] = {
	SEEN(accept4),
	SEEN(pipe2),
	SEEN(wait4),
	SEEN(poll),
	SEEN(ppoll),
	SEEN(set_robust_list), /* the child's first call */
	SEEN(seccomp), /* narrows: syscalls_forbid_fork() */
	ONLY(clone, 0, CLONE_FORBIDDEN | CLONE_VM, 0, "fork"),
	ONLY(socketpair, 0, EXACT, AF_UNIX, "between parent and worker"),
	/* daemons of the same user (imapd's and pop3d's, each smtpd service's)
	 * are within its reach, too: workers lose it with fork */
	ALSO(kill, "ends its own workers"),
	ALSO(rseq, "the child of C libraries after 2.35"),
	ALSO(shutdown, "a peer that is told no more"),
};

static const struct permitted_call unix_calls[] = {
	SEEN(connect), /* by name, below the root that is left; TCP sockets
	                * are held back by Landlock */
	ONLY(socket, 0, EXACT, AF_UNIX, "the edges: no other family"),
	ALSO(setsockopt, "time limits and buffers of a connection"),
	ALSO(getsockopt, "the outcome of a connect"),
};

static const struct permitted_call inet_calls[] = {
	ONLY(socket, 0, EXACT, AF_INET, "what goes out to the network"),
	ONLY(socket, 0, EXACT, AF_INET6, "what goes out to the network"),
	ALSO(connect, "what goes out to the network"),
	ALSO(bind, "the address that is configured for it"),
	ALSO(getsockname, "which address that was"),
	ALSO(getpeername, "which address that was"),
	ALSO(setsockopt, "IPV6_V6ONLY, TCP_NODELAY, buffers"),
	ALSO(getsockopt, "the outcome of a connect"),
	ALSO(shutdown, "a peer that is told no more"),
};

/* Sockets that front was given: accepted by it, or to be handed over. */
static const struct permitted_call clients_calls[] = {
	SEEN(getsockname),
	SEEN(setsockopt),
	SEEN(shutdown),
	ONLY(socketpair, 0, EXACT, AF_UNIX, "a TLS client's other end"),
};

static const struct permitted_call rpath_calls[] = {
	ONLY(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY,
	    "its own files: nothing else is below its root"),
	ALSO(newfstatat, "which of its files are there, and how large"),
	ALSO(access, "LMDB asks for its lock file"),
	ALSO(uname, "LMDB knows kernels whose fdatasync forgot sizes"),
	SEEN(getdents64),
	SEEN(fstatfs),
	SEEN(statfs),
};

static const struct permitted_call wpath_calls[] = {
	ONLY(openat, 2, O_CREAT, 0, "its own files, for writing"),
	ALSO(pwritev, "a batch"),
	ALSO(pwrite64, "LMDB's pages"),
	ALSO(writev, "LMDB's pages, several at once"),
	ALSO(ftruncate, "a segment at its making"),
	ALSO(fdatasync, "the promise of 250"),
	ALSO(fsync, "the name of a new file"),
};

static const struct permitted_call cpath_calls[] = {
	ALSO(openat, "makes its own files: segments, index, large bodies"),
	SEEN(unlinkat),
	SEEN(unlink),
	SEEN(rename),
	SEEN(mkdirat),
	ALSO(renameat, "a file that is written anew, then takes its place"),
	ONLY(ioctl, 1, EXACT, FS_IOC_GETFLAGS, "overwrite in place on btrfs"),
	ONLY(ioctl, 1, EXACT, FS_IOC_SETFLAGS, "overwrite in place on btrfs"),
};

static const struct permitted_call fattr_calls[] = {
	SEEN(fchmod),
	SEEN(fchmodat),
};

static const struct permitted_call append_calls[] = {
	ONLY(openat, 2, O_ACCMODE | O_TRUNC | O_APPEND | O_CREAT,
	    O_WRONLY | O_APPEND | O_CREAT, "the log file, opened again"),
	SEEN(uname), /* the host's name stands in every line */
};

static const struct permitted_call flock_calls[] = {
	ALSO(flock, "one qmgr a queue, one stored a partition"),
	ONLY(fcntl, 1, EXACT, F_SETLK, "LMDB's lock file, a maildrop's"),
	ONLY(fcntl, 1, EXACT, F_SETLKW, "LMDB waits for a lock"),
	ONLY(fcntl, 1, EXACT, F_GETLK, "LMDB looks who has it"),
};

/* Files that another daemon opened: large bodies on their way. */
static const struct permitted_call bodies_calls[] = {
	SEEN(fdatasync),
};

static const struct permitted_call memfd_calls[] = {
	SEEN(memfd_create), /* the page of pins that a reader shares */
	ONLY(fcntl, 1, EXACT, F_ADD_SEALS, "which cannot change its size"),
};

/* To end a reader that holds on to old pages. */
static const struct permitted_call pidfd_calls[] = {
	ALSO(pidfd_open, "names a process for good, of a peer's id"),
	ALSO(pidfd_send_signal, "to processes of its own user alone"),
};

#ifdef CHANCERY_SANITIZE
#define RUNTIME(name) ALSO(name, "the run time of the sanitizers")
static const struct permitted_call sanitize_calls[] = {
	RUNTIME(openat), RUNTIME(newfstatat), RUNTIME(readlink),
	RUNTIME(readlinkat), RUNTIME(getdents64), RUNTIME(prctl),
	RUNTIME(clone), RUNTIME(wait4), RUNTIME(kill),
	RUNTIME(sched_getaffinity), RUNTIME(sched_yield), RUNTIME(mmap),
	RUNTIME(mprotect), RUNTIME(getrlimit), RUNTIME(setrlimit),
	RUNTIME(prlimit64), RUNTIME(ioctl), RUNTIME(getcwd), RUNTIME(access),
	RUNTIME(process_vm_readv), RUNTIME(sigaltstack), RUNTIME(uname),
	RUNTIME(pipe), RUNTIME(pipe2), RUNTIME(getppid), RUNTIME(getuid),
	RUNTIME(geteuid), RUNTIME(nanosleep), RUNTIME(set_robust_list),
	RUNTIME(rseq), RUNTIME(statfs), RUNTIME(getrusage), RUNTIME(dup),
	RUNTIME(dup2), RUNTIME(rt_sigprocmask), RUNTIME(arch_prctl),
};
#endif

#define PROMISE(name)                                                          \
	{                                                                      \
		#name, name##_calls, NELEMS(name##_calls)                      \
	}
static const struct promise promises[] = {
	PROMISE(stdio),
	PROMISE(event),
	PROMISE(fork),
	PROMISE(unix),
	PROMISE(inet),
	PROMISE(clients),
	PROMISE(rpath),
	PROMISE(wpath),
	PROMISE(cpath),
	PROMISE(fattr),
	PROMISE(append),
	PROMISE(flock),
	PROMISE(bodies),
	PROMISE(memfd),
	PROMISE(pidfd),
#ifdef CHANCERY_SANITIZE
	PROMISE(sanitize),
#endif
};
/* clang-format on */

const struct promise *
promise_find(struct str word)
{
	for (size_t i = 0; i < NELEMS(promises); i++) {
		if (str_eqz(word, promises[i].word))
			return &promises[i];
	}
	return NULL;
}
