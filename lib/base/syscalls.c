#include "base/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "base/str.h"

enum { CALLS_MAX = 120, RULES_MAX = 17 };

/* A condition on one argument: (argument & mask) == value. */
struct condition {
	unsigned arg;
	uint64_t mask, value;
};

struct rule {
	int call;
	struct condition when;
};

struct promise {
	const char *word;
	int calls[CALLS_MAX]; /* without conditions; 0 (read) stands first */
	struct rule rules[RULES_MAX]; /* mask 0 ends them */
};

#define CALL(name) SCMP_SYS(name)
#define WHEN(name, index, maskbits, val)                                       \
	{                                                                      \
		SCMP_SYS(name),                                                \
		{                                                              \
			index, maskbits, val                                   \
		}                                                              \
	}
#define EXACT 0xffffffffu

/* Namespaces are never made inside. */
#define CLONE_FORBIDDEN                                                        \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE |       \
	    CLONE_UNTRACED)

/* clang-format off */
static const struct promise promises_table[] = {
	{ "stdio", {
		CALL(read), CALL(readv), CALL(pread64), CALL(preadv),
		CALL(preadv2), CALL(write), CALL(writev), CALL(pwrite64),
		CALL(pwritev), CALL(pwritev2), CALL(close), CALL(close_range),
		CALL(lseek), CALL(fstat), CALL(fstatfs), CALL(ftruncate),
		CALL(fallocate), CALL(fadvise64), CALL(fsync), CALL(fdatasync),
		CALL(sync_file_range), CALL(copy_file_range), CALL(sendfile),
		CALL(splice), CALL(tee), CALL(dup), CALL(dup2), CALL(dup3),
		CALL(pipe), CALL(pipe2),
		/* on sockets that exist; accept only gives what came to us */
		CALL(recvfrom), CALL(recvmsg), CALL(recvmmsg), CALL(sendto),
		CALL(sendmsg), CALL(sendmmsg), CALL(accept), CALL(accept4),
		CALL(shutdown), CALL(getsockname), CALL(getpeername),
		CALL(getsockopt), CALL(setsockopt),
		/* waiting */
		CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6),
		CALL(epoll_create), CALL(epoll_create1), CALL(epoll_ctl),
		CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2),
		CALL(eventfd2), CALL(timerfd_create), CALL(timerfd_settime),
		CALL(timerfd_gettime), CALL(signalfd4), CALL(futex),
		CALL(nanosleep), CALL(clock_nanosleep), CALL(pause),
		CALL(restart_syscall),
		/* time and chance */
		CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday),
		CALL(time), CALL(getrandom), CALL(setitimer), CALL(getitimer),
		CALL(alarm), CALL(times), CALL(getrusage), CALL(sysinfo),
		CALL(uname),
		/* memory, but no code: see the rules */
		CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise),
		CALL(msync), CALL(mincore), CALL(mlock), CALL(munlock),
		CALL(memfd_create), CALL(membarrier),
		/* ourselves */
		CALL(getpid), CALL(getppid), CALL(gettid), CALL(getpgrp),
		CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid),
		CALL(getresuid), CALL(getresgid), CALL(getgroups),
		CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn),
		CALL(rt_sigpending), CALL(rt_sigtimedwait),
		CALL(rt_sigsuspend), CALL(sigaltstack), CALL(tgkill),
		CALL(sched_yield), CALL(sched_getaffinity), CALL(umask),
		CALL(set_robust_list), CALL(rseq), CALL(arch_prctl),
		CALL(exit), CALL(exit_group),
	}, {
		WHEN(mmap, 2, PROT_EXEC, 0),
		WHEN(mprotect, 2, PROT_EXEC, 0),
		WHEN(socketpair, 0, EXACT, AF_UNIX),
		WHEN(fcntl, 1, EXACT, F_DUPFD),
		WHEN(fcntl, 1, EXACT, F_DUPFD_CLOEXEC),
		WHEN(fcntl, 1, EXACT, F_GETFD),
		WHEN(fcntl, 1, EXACT, F_SETFD),
		WHEN(fcntl, 1, EXACT, F_GETFL),
		WHEN(fcntl, 1, EXACT, F_SETFL),
		WHEN(fcntl, 1, EXACT, F_ADD_SEALS),
		WHEN(fcntl, 1, EXACT, F_GET_SEALS),
		WHEN(ioctl, 1, EXACT, FIONREAD),
		WHEN(ioctl, 1, EXACT, FIONBIO),
		WHEN(ioctl, 1, EXACT, TIOCOUTQ),
		WHEN(prctl, 0, EXACT, PR_SET_NAME),
		/* glibc's fstat(2) */
		WHEN(newfstatat, 3, EXACT, AT_EMPTY_PATH),
		/* reads its own limits (no new ones: that pointer is NULL) */
		WHEN(prlimit64, 2, UINT64_MAX, 0),
	} },
	{ "rpath", {
		CALL(newfstatat), CALL(stat), CALL(lstat), CALL(statx),
		CALL(access), CALL(faccessat), CALL(faccessat2),
		CALL(readlink), CALL(readlinkat), CALL(getdents64),
		CALL(getcwd), CALL(statfs),
	}, {
		WHEN(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
		WHEN(open, 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
	} },
	{ "wpath", { 0 }, {
		WHEN(openat, 2, O_CREAT, 0),
	} },
	{ "cpath", {
		CALL(openat), CALL(unlinkat), CALL(unlink), CALL(renameat),
		CALL(renameat2), CALL(rename), CALL(linkat), CALL(link),
		CALL(mkdirat), CALL(mkdir), CALL(rmdir), CALL(truncate),
	}, { { 0 } } },
	{ "fattr", {
		CALL(fchmod), CALL(fchmodat), CALL(fchown), CALL(fchownat),
		CALL(utimensat),
	}, { { 0 } } },
	{ "flock", {
		CALL(flock),
	}, {
		WHEN(fcntl, 1, EXACT, F_SETLK),
		WHEN(fcntl, 1, EXACT, F_SETLKW),
		WHEN(fcntl, 1, EXACT, F_GETLK),
		WHEN(fcntl, 1, EXACT, F_OFD_SETLK),
		WHEN(fcntl, 1, EXACT, F_OFD_SETLKW),
		WHEN(fcntl, 1, EXACT, F_OFD_GETLK),
	} },
	{ "unix", {
		CALL(connect), /* TCP sockets are held back by Landlock */
	}, {
		WHEN(socket, 0, EXACT, AF_UNIX),
	} },
	{ "inet", {
		CALL(connect), CALL(bind), CALL(listen),
	}, {
		WHEN(socket, 0, EXACT, AF_INET),
		WHEN(socket, 0, EXACT, AF_INET6),
	} },
	{ "fork", {
		CALL(fork), CALL(vfork), CALL(wait4), CALL(waitid),
		CALL(kill), CALL(set_tid_address),
		CALL(seccomp), /* narrows: syscalls_forbid_fork() */
	}, {
		WHEN(clone, 0, CLONE_FORBIDDEN | CLONE_VM, 0),
	} },
	{ "thread", {
		CALL(set_tid_address), CALL(sched_setaffinity),
	}, {
		WHEN(clone, 0, CLONE_FORBIDDEN | CLONE_THREAD, CLONE_THREAD),
	} },
#ifdef CHANCERY_SANITIZE
	/* What the run time of the sanitizers does besides. */
	{ "sanitize", {
		CALL(openat), CALL(newfstatat), CALL(readlink),
		CALL(readlinkat), CALL(getdents64), CALL(prctl), CALL(clone),
		CALL(wait4), CALL(kill), CALL(sched_getaffinity), CALL(mmap),
		CALL(mprotect), CALL(getrlimit), CALL(setrlimit),
		CALL(prlimit64), CALL(ioctl), CALL(getcwd), CALL(access),
		CALL(process_vm_readv),
	}, { { 0 } } },
#endif
};
/* clang-format on */

/*
 * Calls that fail instead of ending the process, where no promise covers
 * them: libraries try these and go on without. clone3 hides its flags from
 * us; told that there is none the C library uses clone.
 */
static const int refused[] = {
	CALL(openat),
	CALL(open),
	CALL(newfstatat),
	CALL(stat),
	CALL(statx),
	CALL(access),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(socket),
	CALL(connect),
	CALL(sched_setscheduler),
	CALL(clone3),
};

bool
syscalls_promised(const char *promises, const char *word)
{
	struct str rest = str_of(promises), part;

	while (str_split(&rest, ' ', &part)) {
		if (part.len > 0 && str_eqz(part, word))
			return true;
	}
	return false;
}

static const struct promise *
find(struct str word)
{
	for (size_t i = 0; i < NELEMS(promises_table); i++) {
		if (str_eqz(word, promises_table[i].word))
			return &promises_table[i];
	}
	return NULL;
}

static int
allow(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

/* Each call of the promise to both filters, its condition to exact alone. */
static int
add_promise(scmp_filter_ctx outer, scmp_filter_ctx exact,
    const struct promise *promise)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < CALLS_MAX; i++) {
		/* read is 0, as is the rest of the array: only as the first */
		if (promise->calls[i] == 0 &&
		    (i > 0 || promise != &promises_table[0]))
			break;
		if ((rc = allow(outer, promise->calls[i])) == 0)
			rc = allow(exact, promise->calls[i]);
	}
	for (size_t i = 0; rc == 0 && i < RULES_MAX; i++) {
		const struct rule *rule = &promise->rules[i];

		if (rule->when.mask == 0)
			break;
		if ((rc = allow(outer, rule->call)) == 0)
			rc = seccomp_rule_add(exact, SCMP_ACT_ALLOW, rule->call,
			    1,
			    SCMP_CMP(rule->when.arg, SCMP_CMP_MASKED_EQ,
				rule->when.mask, rule->when.value));
	}
	return rc;
}

static int
add_promises(scmp_filter_ctx outer, scmp_filter_ctx exact, const char *promises,
    struct err *err)
{
	struct str rest = str_of(promises), word;
	const struct promise *promise;

	while (str_split(&rest, ' ', &word)) {
		if (word.len == 0)
			continue;
		if ((promise = find(word)) == NULL)
			return err_set(err, ERR_SYNTAX,
			    "no such promise in \"%s\"", promises);
		if (add_promise(outer, exact, promise) != 0)
			return err_set(err, ERR_TEMP, "seccomp: promise %s",
			    promise->word);
	}
	return 0;
}

static int
add_rest(scmp_filter_ctx outer, scmp_filter_ctx exact, const int *more,
    struct err *err)
{
	/* The second filter is loaded under the first, and refuses it then. */
	int rc = allow(outer, CALL(seccomp));

	for (size_t i = 0; rc == 0 && i < NELEMS(refused); i++)
		rc = allow(outer, refused[i]);
	for (; rc == 0 && more != NULL && *more >= 0; more++) {
		if ((rc = allow(outer, *more)) == 0)
			rc = allow(exact, *more);
	}
	if (rc == 0)
		rc = seccomp_rule_add(exact, SCMP_ACT_ERRNO(ENOSYS),
		    CALL(clone3), 0);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "seccomp: rules");
}

static scmp_filter_ctx
new_filter(uint32_t otherwise)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);

	if (filter == NULL)
		return NULL;
	/* no_new_privs is set; a tree finds a call faster than a list */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return filter;
}

/*
 * Two filters, of whose answers the kernel takes the stricter: the outer one
 * ends the process at a call that is nowhere in the list, the exact one lets
 * a listed call with other arguments fail.
 */
int
syscalls_allow(const char *promises, const int *more, struct err *err)
{
	scmp_filter_ctx outer = new_filter(SCMP_ACT_KILL_PROCESS);
	scmp_filter_ctx exact = new_filter(SCMP_ACT_ERRNO(EACCES));
	int ret = -1;

	if (outer == NULL || exact == NULL)
		err_set(err, ERR_TEMP, "seccomp: no memory");
	else if (add_promises(outer, exact, promises, err) == 0 &&
#ifdef CHANCERY_SANITIZE
	    add_promises(outer, exact, "sanitize", err) == 0 &&
#endif
	    add_rest(outer, exact, more, err) == 0) {
		if (seccomp_load(outer) == 0 && seccomp_load(exact) == 0)
			ret = 0;
		else
			err_set(err, ERR_TEMP, "seccomp: load");
	}
	if (outer != NULL)
		seccomp_release(outer);
	if (exact != NULL)
		seccomp_release(exact);
	return ret;
}

int
syscalls_forbid_fork(struct err *err)
{
	static const int forbidden[] = { CALL(fork), CALL(vfork), CALL(clone),
		CALL(wait4), CALL(waitid), CALL(kill), CALL(seccomp) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = 0;

	if (filter == NULL)
		return err_set(err, ERR_TEMP, "seccomp: no memory");
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	for (size_t i = 0; rc == 0 && i < NELEMS(forbidden); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
		    forbidden[i], 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "seccomp: no fork");
}
