#include "base/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/syscalls.h"

#ifdef CHANCERY_SANITIZE
/*
 * The leak check stops its own process by ptrace, which no jailed process
 * lets be done to it: without this every jailed daemon would end in an error.
 */
int __lsan_is_turned_off(void);
static int jailed;

/* An error is a death by signal, as everywhere else. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "abort_on_error=1";
}

int
__lsan_is_turned_off(void)
{
	return jailed;
}
#endif

/*
 * What the C library does at first use and could not do inside: load the
 * unwinder for panic()'s backtrace, read the time zone.
 */
static void
warm_up(void)
{
	void *frame[1];

	(void)backtrace(frame, 1);
	tzset();
}

static int
check_no_directories(struct err *err)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	struct stat st;
	int ret = 0;

	if (dir == NULL)
		return err_sys(err, "open /proc/self/fd");
	while (ret == 0 && (entry = readdir(dir)) != NULL) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			ret = err_set(err, ERR_DENIED,
			    "descriptor %d is a directory: it leads out of the "
			    "jail",
			    fd);
	}
	(void)closedir(dir);
	return ret;
}

static int
write_proc(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;
	size_t len = strlen(text);

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (write(fd, text, len) != (ssize_t)len)
		ret = err_sys(err, "write %s", path);
	(void)close(fd);
	return ret;
}

/* A user namespace where we are ourselves, for chroot. -1: not allowed. */
static int
enter_user_namespace(int more, struct err *err)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER | more) < 0)
		return err_sys(err, "user namespace");
	(void)snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (write_proc("/proc/self/uid_map", map, err) < 0 ||
	    write_proc("/proc/self/setgroups", "deny", err) < 0)
		return -1;
	(void)snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return write_proc("/proc/self/gid_map", map, err);
}

static int
enter_folder(const char *folder, struct err *err)
{
	if (chroot(folder) < 0)
		return err_sys(err, "chroot to %s", folder);
	if (chdir("/") < 0)
		return err_sys(err, "chdir to /");
	return 0;
}

/* Capabilities: none, in any set. */
static int
drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2] = { 0 };

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L);
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(err, "give up capabilities");
	if (syscall(SYS_capget, &head, data) < 0)
		return err_sys(err, "look at capabilities");
	for (int i = 0; i < 2; i++) {
		if (data[i].effective != 0 || data[i].permitted != 0 ||
		    data[i].inheritable != 0)
			return err_set(err, ERR_DENIED,
			    "capabilities did not go away");
	}
	return 0;
}

/* Become uid and gid for good, and prove that root does not come back. */
static int
become(uid_t uid, gid_t gid, struct err *err)
{
	uid_t r, e, s;

	if (uid == 0 || gid == 0)
		return err_set(err, ERR_DENIED, "would stay root");
	if (setgroups(0, NULL) < 0)
		return err_sys(err, "setgroups");
	if (setresgid(gid, gid, gid) < 0)
		return err_sys(err, "setresgid %u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return err_sys(err, "setresuid %u", uid);
	if (getresuid(&r, &e, &s) < 0 || r != uid || e != uid || s != uid)
		return err_set(err, ERR_DENIED, "user ids did not change");
	if (setuid(0) == 0 || seteuid(0) == 0 || setresuid(0, 0, 0) == 0 ||
	    setgid(0) == 0 || setegid(0) == 0)
		return err_set(err, ERR_DENIED, "root came back");
	return 0;
}

/* Sets *missing to what the system refused. */
static int
enter_as_root(const struct sandbox *box, bool network, const char **missing,
    struct err *err)
{
	if (!network && unshare(CLONE_NEWNET) < 0)
		*missing = "network namespace";
	if (enter_folder(box->folder, err) < 0 ||
	    become(box->uid, box->gid, err) < 0)
		return -1;
	return drop_capabilities(err);
}

static int
enter_as_user(const struct sandbox *box, bool network, const char **missing,
    struct err *err)
{
	if (enter_user_namespace(network ? 0 : CLONE_NEWNET, err) < 0 ||
	    enter_folder(box->folder, err) < 0) {
		*missing = "user namespace";
		if (chdir(box->folder) < 0)
			return err_sys(err, "chdir to %s", box->folder);
	}
	return drop_capabilities(err);
}

int
sandbox_enter(const struct sandbox *box, enum sandbox_level *level,
    const char **missing, struct err *err)
{
	bool network = syscalls_promised(box->promises, "inet");
	int ret;

	*level = SANDBOX_REDUCED;
	*missing = "";
	warm_up();
	if (check_no_directories(err) < 0)
		return -1;
	ret = geteuid() == 0 ? enter_as_root(box, network, missing, err) :
			       enter_as_user(box, network, missing, err);
	if (ret < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return err_sys(err, "no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
		return err_sys(err, "dumpable");
#ifdef CHANCERY_SANITIZE
	jailed = 1;
#endif
	if (landlock_promise(box->promises, err) < 0) {
		if (err->kind != ERR_NOENT) /* the kernel has none */
			return -1;
		*missing = "Landlock";
	}
	if (**missing == '\0')
		*level = SANDBOX_FULL;
	return syscalls_allow(box->promises, err);
}
