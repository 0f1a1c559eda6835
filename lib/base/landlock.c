#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/syscalls.h"

/* Our own copies of the kernel's ABI: headers of 2023 end at ABI 2. */
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_REFER = 1 << 13,    /* ABI 2 */
	FS_TRUNCATE = 1 << 14, /* ABI 3 */

	FS_ALL_1 = (1 << 13) - 1,
	NET_ALL = 3,   /* ABI 4: bind and connect TCP */
	SCOPE_ALL = 3, /* ABI 6: abstract sockets, signals */

	FS_ON_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE,
	FS_READ = FS_READ_FILE | FS_READ_DIR,
	FS_WRITE = FS_WRITE_FILE | FS_TRUNCATE,
	FS_CREATE = FS_MAKE_REG | FS_MAKE_DIR | FS_REMOVE_FILE | FS_REMOVE_DIR |
	    FS_REFER,
};

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_rule { /* packed, as the kernel has it */
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

/* The rights a kernel with this ABI knows. */
static struct ruleset
known(long abi)
{
	struct ruleset all = { .fs = FS_ALL_1 };

	if (abi >= 2)
		all.fs |= FS_REFER;
	if (abi >= 3)
		all.fs |= FS_TRUNCATE;
	if (abi >= 4)
		all.net = NET_ALL;
	if (abi >= 5)
		all.fs |= 1 << 15; /* ioctl on devices */
	if (abi >= 6)
		all.scoped = SCOPE_ALL;
	return all;
}

static int
open_ruleset(struct ruleset *set, bool network, struct err *err)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	size_t size = sizeof(uint64_t);
	int fd;

	if (abi < 0)
		return err_set(err, ERR_NOENT, "no Landlock in this kernel");
	*set = known(abi);
	if (network)
		set->net = 0;
	if (abi >= 4)
		size = 2 * sizeof(uint64_t);
	if (abi >= 6)
		size = 3 * sizeof(uint64_t);
	fd = (int)syscall(SYS_landlock_create_ruleset, set, size, 0);
	if (fd < 0)
		return err_sys(err, "landlock_create_ruleset");
	return fd;
}

/* A path that does not exist needs no rule. */
static int
allow(int ruleset, const char *path, uint64_t rights, struct err *err)
{
	struct path_rule rule = { .allowed = rights };
	struct stat st;
	int ret = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0) {
		if (errno == ENOENT)
			return 0;
		return err_sys(err, "open %s", path);
	}
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= FS_ON_FILES;
	if (rule.allowed != 0 &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) < 0)
		ret = err_sys(err, "landlock_add_rule %s", path);
	(void)close(rule.parent_fd);
	return ret;
}

static int
restrict_self(int ruleset, struct err *err)
{
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_sys(err, "landlock_restrict_self");
	return 0;
}

/* What a daemon may do with the files below its working directory. */
static uint64_t
promised_rights(const char *promises)
{
	static const struct {
		const char *word;
		uint64_t rights;
	} rows[] = {
		{ "rpath", FS_READ },
		{ "wpath", FS_WRITE },
		{ "cpath", FS_CREATE },
		{ "append", FS_WRITE | FS_CREATE },
	};
	uint64_t rights = 0;

	for (size_t i = 0; i < NELEMS(rows); i++) {
		if (syscalls_promised(promises, rows[i].word))
			rights |= rows[i].rights;
	}
	return rights;
}

int
landlock_promise(const char *promises, struct err *err)
{
	struct ruleset set;
	int fd, ret = -1;

	fd = open_ruleset(&set, syscalls_promised(promises, "inet"), err);
	if (fd < 0)
		return -1;
	if (allow(fd, ".", promised_rights(promises) & set.fs, err) == 0)
		ret = restrict_self(fd, err);
	(void)close(fd);
	return ret;
}

void
landlock_print(const char *promises)
{
	static const struct {
		uint64_t right;
		const char *name;
	} names[] = {
		{ FS_READ_FILE, "read files" },
		{ FS_READ_DIR, "list folders" },
		{ FS_WRITE_FILE, "write files" },
		{ FS_TRUNCATE, "truncate files" },
		{ FS_MAKE_REG, "make files" },
		{ FS_MAKE_DIR, "make folders" },
		{ FS_REMOVE_FILE, "remove files" },
		{ FS_REMOVE_DIR, "remove folders" },
		{ FS_REFER, "move files between folders" },
	};
	uint64_t rights = promised_rights(promises);

	for (size_t i = 0; i < NELEMS(names); i++) {
		if (rights & names[i].right)
			(void)printf("landlock\t%s\tbelow its folder\n",
			    names[i].name);
	}
	if (syscalls_promised(promises, "inet"))
		(void)printf("landlock\tbind and connect TCP\tanywhere\n");
}

static uint64_t
rights_of(const char *letters)
{
	uint64_t rights = 0;

	if (strchr(letters, 'r') != NULL)
		rights |= FS_READ;
	if (strchr(letters, 'w') != NULL)
		rights |= FS_WRITE | FS_CREATE | FS_MAKE_SOCK;
	if (strchr(letters, 'x') != NULL)
		rights |= FS_EXECUTE;
	return rights;
}

int
landlock_paths(const struct landlock_path *paths, size_t count, struct err *err)
{
	struct ruleset set;
	int fd = open_ruleset(&set, true, err), ret = 0;

	if (fd < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = allow(fd, paths[i].path,
		    rights_of(paths[i].rights) & set.fs, err);
	if (ret == 0)
		ret = restrict_self(fd, err);
	(void)close(fd);
	return ret;
}
