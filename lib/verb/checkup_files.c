#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/num.h"
#include "verb/checkup.h"

/* What must not be there: a bit of mode, another owner. */
static const struct {
	const char *path;
	const char *role; /* of the owner; "": who owns DIR */
	mode_t forbidden;
} rules[] = {
	{ ".", "", 0022 },
	{ "etc", "", 0022 },
	{ "etc/main.cf", "", 0022 },
	{ "etc/master.cf", "", 0022 },
	{ "etc/ticket.key", "", 0077 },
	{ "etc/ticket.pub", "", 0022 },
	{ "tls", "", 0022 },
	{ "tls/key.pem", "", 0077 },
	{ "tls/cert.pem", "", 0022 },
	{ "run", "", 0022 },
	{ "directory", "dir", 0022 },
	{ "spool", "queue", 0027 },
	{ "store/default", "store", 0022 },
	{ "log", "log", 0022 },
};

enum { PERCENT_LOW = 5, MEBIBYTES_LOW = 200 };

/*
 * The user of a role: "log=970:970 front=..."; whoever owns DIR without, and
 * where that is an ordinary user, who runs everything.
 */
static uid_t
uid_of(struct checkup *c, const char *role, uid_t owner)
{
	struct err err;
	struct str rest, word, name, uid;
	const char *users;
	uint64_t number;

	if (owner != 0 || *role == '\0' ||
	    main_cf_find(c->cf, "system_users") == NULL ||
	    (users = main_cf_get(c->cf, "system_users", &err)) == NULL)
		return owner;
	rest = str_of(users);
	while (str_split(&rest, ' ', &word)) {
		if (str_split(&word, '=', &name) && str_eqz(name, role) &&
		    str_split(&word, ':', &uid) &&
		    num_parse(uid, UINT32_MAX - 1, &number))
			return (uid_t)number;
	}
	return owner;
}

static void
look_at(struct checkup *c, size_t i, uid_t dir_owner)
{
	uid_t owner = uid_of(c, rules[i].role, dir_owner);
	struct stat st;

	/* Not made before the first start, or not ours to see. */
	if (fstatat(c->call->env->dirfd, rules[i].path, &st,
		AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (st.st_uid != owner)
		checkup_say(c, "error", "%s belongs to user %u, not to %u",
		    rules[i].path, st.st_uid, owner);
	if ((st.st_mode & rules[i].forbidden) != 0)
		checkup_say(c, "error",
		    "%s has mode %04o: others than its owner may %s",
		    rules[i].path, st.st_mode & 07777,
		    (st.st_mode & rules[i].forbidden & 0022) != 0 ?
			"change it" :
			"read it");
}

static void
look_at_room(struct checkup *c, const char *path)
{
	int fd =
	    openat(c->call->env->dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statvfs fs;
	uint64_t total, left;

	if (fd < 0)
		return;
	if (fstatvfs(fd, &fs) == 0) {
		total = (uint64_t)fs.f_blocks * fs.f_frsize;
		left = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (left < (uint64_t)MEBIBYTES_LOW << 20 ||
		    left < total / 100 * PERCENT_LOW)
			checkup_say(c, "warning", "%s: only %lu MiB are free",
			    path, (unsigned long)(left >> 20));
		if (fs.f_files > 0 && fs.f_favail < 1000)
			checkup_say(c, "warning",
			    "%s: only %lu inodes are free", path,
			    (unsigned long)fs.f_favail);
	}
	(void)close(fd);
}

void
checkup_files(struct checkup *c)
{
	static const char *const rooms[] = { "spool", "store", "directory",
		"log" };
	struct stat st;

	if (fstat(c->call->env->dirfd, &st) < 0)
		return;
	for (size_t i = 0; i < NELEMS(rules); i++)
		look_at(c, i, st.st_uid);
	for (size_t i = 0; i < NELEMS(rooms); i++)
		look_at_room(c, rooms[i]);
}
