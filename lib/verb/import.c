/*
 * import - mailbox import: mail out of mbox files and Maildirs.
 *
 * Each message has an id made of its mailbox, date and bytes, and stored
 * remembers which were taken until the import is through: one that was cut
 * off is simply begun again, and doubles nothing. Whatever the archive holds
 * is somebody else's: see archive_dir.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "store/format.h"
#include "verb/archive_dir.h"
#include "verb/families.h"
#include "verb/importer.h"
#include "verb/maildir.h"
#include "verb/mbox.h"

enum {
	READ = 1 << 20,
	MESSAGE_MAX = 100 << 20, /* stored may allow less */
	LIST_MAX = 16 << 20,
};

struct import {
	struct verb_call *call;
	struct importer *to;
	bool is_mboxo;
	const char *only; /* --mailbox; or NULL */
	struct buf list;  /* ARCHIVE_LIST's */
	struct buf file, bytes, name;
	struct str mailbox; /* the one at hand */
	struct str words[MAILDIR_LETTERS];
	struct buf words_file;
};

/* The mailbox of a file: by the list, else by its name. */
static int
find_name(struct import *in, struct str file, struct err *err)
{
	struct str rest = buf_str(&in->list), line, word;

	buf_reset(&in->name);
	while (str_split(&rest, '\n', &line)) {
		if (!str_split(&line, '\t', &word) || !str_eq(word, file) ||
		    line.len == 0)
			continue;
		(void)buf_add_str(&in->name, store_name_canonical(line));
		in->mailbox = buf_str(&in->name);
		return store_name_check(in->mailbox, err);
	}
	if (archive_name(&in->name, file, err) < 0)
		return -1;
	in->mailbox = store_name_canonical(buf_str(&in->name));
	return 0;
}

/* A name that cannot be a mailbox's is told and left out. */
static bool
begin_mailbox(struct import *in, struct str file)
{
	struct err err;

	if (in->only != NULL)
		in->mailbox = str_of(in->only);
	else if (find_name(in, file, &err) < 0) {
		importer_refuse(in->to, file, &err);
		return false;
	}
	return true;
}

static int
take_raw(struct import *in, struct str raw, struct err *err)
{
	struct archive_message message;
	struct err wrong;

	if (mbox_parse(&in->bytes, raw, in->is_mboxo, &message, &wrong) < 0) {
		importer_refuse(in->to, in->mailbox, &wrong);
		return 0;
	}
	return importer_add(in->to, in->mailbox, &message, raw.len, err);
}

/* Message by message; what is longer than any may be is passed over. */
static int
take_mbox(struct import *in, int fd, struct err *err)
{
	size_t scanned = 0, len;
	bool is_end = false;
	ssize_t n;

	buf_reset(&in->file);
	for (;;) {
		while (
		    mbox_next(buf_str(&in->file), is_end, &scanned, &len) > 0) {
			if (take_raw(in, str_sub(buf_str(&in->file), 0, len),
				err) < 0)
				return -1;
			buf_consume(&in->file, len);
			scanned = 0;
		}
		if (is_end)
			return 0;
		if (in->file.len > MESSAGE_MAX)
			return err_set(err, ERR_LIMIT,
			    "no end of a message within %d bytes", MESSAGE_MAX);
		n = read(fd, buf_reserve(&in->file, READ), READ);
		if (n < 0)
			return err_sys(err, "read");
		in->file.len += (size_t)n;
		is_end = n == 0;
	}
}

static int
import_file(struct import *in, int dirfd, const char *file, struct err *err)
{
	struct err wrong;
	int64_t mtime;
	uint64_t size;
	int ret, fd = archive_open_file(dirfd, file, &mtime, &size, &wrong);

	if (fd < 0) {
		importer_refuse(in->to, str_of(file), &wrong);
		return 0;
	}
	importer_begin(in->to, in->mailbox, size);
	ret = take_mbox(in, fd, err);
	(void)close(fd);
	return ret;
}

static int
take_message(int dirfd, const char *file, void *ctx, struct err *err)
{
	struct import *in = ctx;
	struct archive_message message = { 0 };
	struct maildir_name name;
	struct err wrong;

	if (archive_read_file(dirfd, file, MESSAGE_MAX, &in->file,
		&message.internal, &wrong) < 0) {
		importer_refuse(in->to, str_of(file), &wrong);
		return 0;
	}
	maildir_parse_name(&name, str_of(file));
	maildir_read(&in->bytes, &name, buf_str(&in->file), &message.bytes);
	message.flags = name.flags;
	for (int i = 0; i < MAILDIR_LETTERS; i++)
		if (name.letters & 1U << i && in->words[i].p != NULL)
			message.keyword[message.keywords++] = in->words[i];
	return importer_add(in->to, in->mailbox, &message, 1, err);
}

static int
import_maildir(struct import *in, int dirfd, struct err *err)
{
	struct err none;
	int64_t mtime;

	buf_reset(&in->words_file);
	if (archive_read_file(dirfd, "dovecot-keywords", LIST_MAX,
		&in->words_file, &mtime, &none) < 0)
		buf_reset(&in->words_file);
	maildir_parse_keywords(buf_str(&in->words_file), in->words);
	importer_begin(in->to, in->mailbox, 0);
	if (archive_each(dirfd, "cur", take_message, in, err) < 0)
		return -1;
	return archive_each(dirfd, "new", take_message, in, err);
}

/* ".Archive.2026" of a Maildir. */
static int
take_folder(int dirfd, const char *name, void *ctx, struct err *err)
{
	struct import *in = ctx;
	struct err wrong;
	struct stat st;
	int fd, ret;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode) || !begin_mailbox(in, str_of(name + 1)))
		return 0;
	fd = archive_open_dir(dirfd, name, &wrong);
	if (fd < 0) {
		importer_refuse(in->to, str_of(name), &wrong);
		return 0;
	}
	ret = import_maildir(in, fd, err);
	(void)close(fd);
	return ret;
}

/* "Archive.2026.mbox" */
static int
take_mbox_file(int dirfd, const char *name, void *ctx, struct err *err)
{
	struct import *in = ctx;
	struct str file = str_of(name);

	if (!str_ends(file, STR(".mbox")))
		return 0;
	file.len -= strlen(".mbox");
	return begin_mailbox(in, file) ? import_file(in, dirfd, name, err) : 0;
}

static int
import_folder(struct import *in, int dir, struct err *err)
{
	struct err none;
	struct stat st;
	int64_t mtime;

	if (archive_read_file(dir, ARCHIVE_LIST, LIST_MAX, &in->list, &mtime,
		&none) < 0)
		buf_reset(&in->list);
	if (fstatat(dir, "cur", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode)) {
		in->mailbox = str_of(in->only != NULL ? in->only : "INBOX");
		if (import_maildir(in, dir, err) < 0)
			return -1;
	}
	if (archive_each_dot(dir, ".", take_folder, in, err) < 0)
		return -1;
	return archive_each(dir, ".", take_mbox_file, in, err);
}

/* The operator's own path may be a link; below it none is followed. */
static int
import_path(struct import *in, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), ret;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		ret = err_sys(err, "open %s", path);
	} else if (S_ISDIR(st.st_mode)) {
		ret = import_folder(in, fd, err);
	} else if (!S_ISREG(st.st_mode)) {
		ret = err_set(err, ERR_SYNTAX,
		    "%s: neither a file nor a "
		    "folder",
		    path);
	} else {
		in->mailbox = str_of(in->only != NULL ? in->only : "INBOX");
		importer_begin(in->to, in->mailbox, (uint64_t)st.st_size);
		ret = take_mbox(in, fd, err);
	}
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

static int
run(struct import *in, struct err *err)
{
	int ret;

	buf_init(&in->list, 0);
	buf_init(&in->file, 0);
	buf_init(&in->bytes, 0);
	buf_init(&in->name, 0);
	buf_init(&in->words_file, 0);
	ret = import_path(in, in->call->args[1], err);
	buf_clear(&in->list);
	buf_clear(&in->file);
	buf_clear(&in->bytes);
	buf_clear(&in->name);
	buf_clear(&in->words_file);
	return ret;
}

static int
import(struct verb_call *call, struct err *err)
{
	const char *format = verb_option(call, "--format");
	struct import in = { .call = call,
		.only = verb_option(call, "--mailbox") };
	int ret;

	if (format != NULL && strcmp(format, "mboxo") == 0)
		in.is_mboxo = true;
	else if (format != NULL)
		return verb_usage(call, err,
		    "--format is mboxo; all others are seen by themselves");
	if (importer_open(&in.to, call, call->args[0], err) < 0)
		return -1;
	ret = run(&in, err);
	return importer_close(in.to, ret == 0, err) < 0 ? -1 : ret;
}

const struct verb import_verbs[] = {
	{ VERB_OPERATOR, "mailbox import", "USER PATH",
	    "--mailbox NAME --format FORMAT",
	    "take mail out of mbox files or a Maildir", .run = import },
	{ .who = VERB_END },
};
