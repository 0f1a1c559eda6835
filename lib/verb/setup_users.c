#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verb/run.h"
#include "verb/setup.h"

enum {
	USER_TRIES = 100, /* another program may hold the lock of passwd(5) */
	TRY_PAUSE = 100,  /* ms */
};

static const char *const roles[SETUP_USERS] = {
	"log",
	"front",
	"auth",
	"rewrite",
	"dns",
	"smtp",
	"queue",
	"smtpout",
	"deliver",
	"store",
	"access",
	"dir",
};

const struct setup_user *
setup_user(const struct setup *setup, const char *role)
{
	for (size_t i = 0; i < SETUP_USERS; i++) {
		if (strcmp(setup->users[i].role, role) == 0)
			return &setup->users[i];
	}
	return NULL;
}

static bool
find_user(struct setup_user *user, const char *name)
{
	const struct passwd *found = getpwnam(name);

	if (found == NULL)
		return false;
	user->uid = found->pw_uid;
	user->gid = found->pw_gid;
	return true;
}

/* Found, or made and found. */
static int
ensure_user(struct setup_user *user, struct err *err)
{
	char name[64];
	const char *const argv[] = { "/usr/sbin/useradd", "--system",
		"--user-group", "--no-create-home", "--home-dir",
		"/nonexistent", "--shell", "/usr/sbin/nologin", name, NULL };

	(void)snprintf(name, sizeof(name), "chancery-%s", user->role);
	for (int i = 0; i < USER_TRIES; i++) {
		if (find_user(user, name))
			return 0;
		if (i > 0)
			(void)poll(NULL, 0, TRY_PAUSE);
		if (run_program(argv, NULL, err) < 0)
			return -1;
	}
	return err_set(err, ERR_TEMP, "system user %s was not made", name);
}

static int
ensure_operators(struct setup *setup, struct err *err)
{
	static const char *const argv[] = { "/usr/sbin/groupadd", "--system",
		"chancery", NULL };
	const struct group *found;

	for (int i = 0; i < USER_TRIES; i++) {
		found = getgrnam("chancery");
		if (found != NULL) {
			setup->operators = found->gr_gid;
			return 0;
		}
		if (i > 0)
			(void)poll(NULL, 0, TRY_PAUSE);
		if (run_program(argv, NULL, err) < 0)
			return -1;
	}
	return err_set(err, ERR_TEMP, "system group chancery was not made");
}

int
setup_users(struct setup *setup, struct err *err)
{
	for (size_t i = 0; i < SETUP_USERS; i++) {
		struct setup_user *user = &setup->users[i];

		*user = (struct setup_user){ roles[i], geteuid(), getegid() };
		if (setup->is_root && ensure_user(user, err) < 0)
			return -1;
	}
	return setup->is_root ? ensure_operators(setup, err) : 0;
}
