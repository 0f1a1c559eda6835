#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/secret.h"
#include "base/attr.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "verb/run.h"
#include "verb/setup.h"

enum { TEXT_MAX = 1 << 20, TREE_DEPTH = 8 };

/*
 * What the tools say goes to a file for the operator. Entries first: slaptest
 * converts nothing while the database is not there.
 */
static const char load_entries[] =
    "exec /usr/sbin/slapadd -q -f slapd.conf -b o=chancery -l base.ldif "
    ">setup.log 2>&1";
static const char make_config[] =
    "exec /usr/sbin/slaptest -f slapd.conf -F slapd.d >>setup.log 2>&1";

static int
run_here(const char *command, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	int status = run_program(argv, NULL, err);

	if (status < 0)
		return -1;
	if (status > 0)
		return err_set(err, ERR_TEMP,
		    "directory/setup.log says what went wrong (exit %d of "
		    "\"%.40s...\")",
		    status, command + sizeof("exec ") - 1);
	return 0;
}

static int
copy_schema(const struct setup *setup, int folder, struct err *err)
{
	struct buf text;
	char path[4096];
	int ret;

	(void)snprintf(path, sizeof(path), "%s/chancery.schema",
	    setup->env->share);
	buf_init(&text, TEXT_MAX);
	ret = fs_read_file(AT_FDCWD, path, &text, err);
	if (ret == 0)
		ret = fs_write_file(folder, "chancery.schema", buf_str(&text),
		    0644, err);
	buf_clear(&text);
	return ret;
}

static int
write_texts(const struct setup *setup, int folder, struct buf *nobody,
    struct err *err)
{
	char uid[3][16];
	const struct setup_word words[] = {
		{ "SCHEMA", "/etc/ldap/schema" },
		{ "MODULES", "/usr/lib/ldap" },
		{ "SUFFIX", "o=chancery" },
		{ "ORGANIZATION", "chancery" },
		{ "ADMIN", setup->admin },
		{ "DOMAIN", setup->domain },
		{ "UID_ADMIN", uid[0] },
		{ "UID_REWRITE", uid[1] },
		{ "UID_AUTH", uid[2] },
		{ "NOBODY_PASSWORD", buf_cstr(nobody) },
		{ NULL, NULL },
	};
	static const char *const texts[][2] = {
		{ "slapd.conf.in", "slapd.conf" },
		{ "base.ldif.in", "base.ldif" },
	};
	int ret = 0;

	(void)snprintf(uid[0], sizeof(uid[0]), "%u", geteuid());
	(void)snprintf(uid[1], sizeof(uid[1]), "%u",
	    setup_user(setup, "rewrite")->uid);
	(void)snprintf(uid[2], sizeof(uid[2]), "%u",
	    setup_user(setup, "auth")->uid);
	for (size_t i = 0; ret == 0 && i < NELEMS(texts); i++) {
		struct buf text;

		buf_init(&text, TEXT_MAX);
		ret = setup_fill(setup, &text, texts[i][0], words, err);
		if (ret == 0)
			ret = fs_write_file(folder, texts[i][1], buf_str(&text),
			    0600, err);
		buf_clear(&text);
	}
	return ret;
}

/* Everything in the folder to slapd's user; it holds no links. */
static int
give_tree(int dirfd, const char *name, const struct setup_user *owner,
    int depth, struct err *err)
{
	int fd = openat(dirfd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	int ret = 0;
	DIR *dir;

	if (fd < 0 && errno == ENOTDIR) {
		if (fchownat(dirfd, name, owner->uid, owner->gid,
			AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, "chown %s", name);
		return 0;
	}
	if (depth == 0 || fd < 0 || (dir = fdopendir(fd)) == NULL) {
		err_sys(err, "open %s", name);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	if (fchown(fd, owner->uid, owner->gid) < 0)
		ret = err_sys(err, "chown %s", name);
	while (ret == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			ret =
			    give_tree(fd, entry->d_name, owner, depth - 1, err);
	}
	(void)closedir(dir);
	return ret;
}

/* With the working directory in the folder, as the tools need it. */
static int
run_tools(int folder, struct err *err)
{
	int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), ret;

	if (back < 0 || fchdir(folder) < 0) {
		err_sys(err, "chdir to directory");
		if (back >= 0)
			(void)close(back);
		return -1;
	}
	ret = run_here(load_entries, err);
	if (ret == 0)
		ret = run_here(make_config, err);
	if (fchdir(back) < 0 && ret == 0)
		ret = err_sys(err, "chdir back");
	(void)close(back);
	return ret;
}

static int
fill_folder(struct setup *setup, int folder, struct err *err)
{
	mode_t mask = umask(077);
	struct buf nobody;
	int ret = -1;

	buf_init(&nobody, TEXT_MAX);
	if (fs_mkdir(folder, "data", 0700, err) == 0 &&
	    fs_mkdir(folder, "slapd.d", 0700, err) == 0 &&
	    copy_schema(setup, folder, err) == 0 &&
	    secret_hash_unknown(&nobody, err) == 0 &&
	    write_texts(setup, folder, &nobody, err) == 0)
		ret = run_tools(folder, err);
	buf_clear(&nobody);
	(void)umask(mask);
	return ret;
}

bool
setup_is_confined(const struct setup *setup)
{
	static const char *const files[] = {
		"/sys/kernel/security/apparmor/profiles",
		"/etc/apparmor.d/local/usr.sbin.slapd",
	};
	struct buf text[NELEMS(files)];
	struct err ignored;
	bool confined;

	for (size_t i = 0; i < NELEMS(files); i++) {
		buf_init(&text[i], TEXT_MAX);
		(void)fs_read_file(AT_FDCWD, files[i], &text[i], &ignored);
	}
	confined = str_find(buf_str(&text[0]), STR("slapd (enforce)")) >= 0 &&
	    str_find(buf_str(&text[1]), str_of(setup->env->dir)) < 0;
	for (size_t i = 0; i < NELEMS(files); i++)
		buf_clear(&text[i]);
	return confined;
}

int
setup_directory(struct setup *setup, struct err *err)
{
	const struct setup_user *owner = setup_user(setup, "dir");
	struct err ignored;
	int folder, ret;

	if (faccessat(setup->dirfd, "directory/slapd.d", F_OK, 0) == 0)
		return err_set(err, ERR_EXISTS,
		    "directory holds entries already: move it away first");
	if (fs_mkdir(setup->dirfd, "directory", 0700, err) < 0)
		return -1;
	folder = openat(setup->dirfd, "directory",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return err_sys(err, "open directory");
	ret = fill_folder(setup, folder, err);
	if (ret == 0 && setup->is_root)
		ret = give_tree(setup->dirfd, "directory", owner, TREE_DEPTH,
		    err);
	if (ret < 0) {
		(void)fs_remove_tree(folder, "data", &ignored);
		(void)fs_remove_tree(folder, "slapd.d", &ignored);
	}
	(void)close(folder);
	return ret;
}
