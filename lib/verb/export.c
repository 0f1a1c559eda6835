/*
 * export - mailbox export: a user's mail as mbox files or as a Maildir.
 *
 * Everything goes under temporary names first, so that what has its name is
 * whole; a Maildir that is there already is gone on with, message by message.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/hash.h"
#include "base/hex.h"
#include "store/message.h"
#include "verb/archive_dir.h"
#include "verb/families.h"
#include "verb/maildir.h"
#include "verb/mbox.h"
#include "verb/progress.h"
#include "verb/store_edge.h"

enum { TIMEOUT_MS = 600 * 1000, FLUSH = 1 << 20 };

struct export
{
	struct store_edge *edge;
	struct print *print;
	int dir; /* where all goes */
	bool is_maildir;
	struct buf list; /* of file names and mailboxes */
	struct progress progress;
	uint64_t mailboxes, messages;
	/* the mailbox at hand */
	int out; /* mbox: the file; Maildir: the folder */
	struct buf bytes, file, name;
	struct hash *there; /* Maildir: bases that are written already */
	const struct store_word *word;
	size_t words;
};

static int
write_out(struct export *x, size_t above, struct err *err)
{
	if (x->file.len <= above)
		return 0;
	if (fs_write_all(x->out, x->file.p, x->file.len, err) < 0)
		return -1;
	buf_reset(&x->file);
	return 0;
}

static int
put_maildir(struct export *x, const struct store_browsed_message *row,
    const struct archive_message *message, struct err *err)
{
	char base[100], guid[2 * STORE_GUID_SIZE + 1], to[ARCHIVE_PATH];
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)message->internal } };
	int fd, ret;

	hex_encode(guid, row->guid.p, row->guid.len);
	(void)snprintf(base, sizeof(base), "%" PRId64 ".U%u.%s",
	    message->internal, row->uid, guid);
	if (hash_get(x->there, str_of(base)) != NULL)
		return 0;
	maildir_write(&x->file, &x->name, str_of(base), message,
	    (uint32_t)(row->keywords & ((1U << MAILDIR_LETTERS) - 1)));
	(void)buf_addc(&x->name, '\0');
	fd = openat(x->out, "tmp/chancery",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create a file in tmp");
	ret = fs_write_all(fd, x->file.p, x->file.len, err);
	if (ret == 0 && futimens(fd, times) < 0)
		ret = err_sys(err, "set a file's time");
	if (close(fd) < 0 && ret == 0)
		ret = err_sys(err, "close a message");
	(void)snprintf(to, sizeof(to), "cur/%s", x->name.p);
	if (ret == 0 && renameat(x->out, "tmp/chancery", x->out, to) < 0)
		ret = err_sys(err, "name %s", to);
	buf_reset(&x->file);
	return ret;
}

static int
put(struct export *x, const struct store_browsed_message *row,
    const struct store_body *body, struct err *err)
{
	struct archive_message message = { .flags = row->flags,
		.internal = row->internal,
		.bytes = body->body };

	if (body->prefix.len > 0) {
		buf_reset(&x->bytes);
		(void)buf_add_str(&x->bytes, body->prefix);
		(void)buf_add_str(&x->bytes, body->body);
		message.bytes = buf_str(&x->bytes);
	}
	for (size_t i = 0; i < x->words && i < ARCHIVE_KEYWORDS; i++)
		if (row->keywords & 1ULL << i)
			message.keyword[message.keywords++] = x->word[i].word;
	x->messages++;
	if (x->is_maildir)
		return put_maildir(x, row, &message, err);
	mbox_put(&x->file, &message);
	return write_out(x, FLUSH, err);
}

/* One message; where it was is told anew when it is there no more. */
static int
take(struct export *x, const struct store_browse *from,
    const struct store_browsed_message *row, struct err *err)
{
	struct store_browse again = *from;
	struct arena *arena = NULL;
	struct store_browsed answer;
	struct store_body body;
	int ret = store_body_browsed(x->edge->client, row, &body, err);

	if (ret < 0 && err->kind != ERR_TEMP) {
		arena = arena_new(0);
		again.after = row->uid - 1;
		ret = store_client_browse(x->edge->client, &again, arena,
		    &answer, err);
		row = answer.messages.items;
		if (ret == 0 &&
		    (answer.messages.count == 0 ||
			row->uid != again.after + 1)) {
			arena_free(arena); /* expunged meanwhile */
			return 0;
		}
		if (ret == 0)
			ret = store_body_browsed(x->edge->client, row, &body,
			    err);
	}
	if (ret == 0) {
		ret = put(x, row, &body, err);
		store_body_close(&body);
	}
	arena_free(arena);
	return ret;
}

static int
put_messages(struct export *x, struct str user, struct str name,
    struct err *err)
{
	struct store_browse req = { .user = user, .name = name };
	struct store_browsed answer = { .more = true };
	struct arena *arena = arena_new(0);
	int ret = 0;

	while (ret == 0 && answer.more) {
		const struct store_browsed_message *row;

		arena_reset(arena);
		ret = store_client_browse(x->edge->client, &req, arena, &answer,
		    err);
		if (ret < 0 || answer.messages.count == 0)
			break;
		row = answer.messages.items;
		x->word = answer.keywords.items;
		x->words = answer.keywords.count;
		for (size_t i = 0; ret == 0 && i < answer.messages.count; i++) {
			ret = take(x, &req, &row[i], err);
			progress_step(&x->progress, 1);
		}
		req.after = row[answer.messages.count - 1].uid;
	}
	arena_free(arena);
	return ret;
}

/* The keywords that have letters. */
static int
put_keywords(struct export *x, struct str user, struct str name,
    struct err *err)
{
	struct store_browse req = { user, name, UINT32_MAX - 2 };
	struct arena *arena = arena_new(0);
	struct store_browsed answer;
	const struct store_word *word;
	struct buf text;
	int ret =
	    store_client_browse(x->edge->client, &req, arena, &answer, err);

	buf_init(&text, 0);
	if (ret == 0) {
		word = answer.keywords.items;
		for (size_t i = 0;
		     i < answer.keywords.count && i < MAILDIR_LETTERS; i++)
			(void)buf_addf(&text, "%zu %" STR_F "\n", i,
			    STR_A(word[i].word));
		if (answer.keywords.count > MAILDIR_LETTERS)
			print_line(x->print,
			    "%" STR_F ": a Maildir has room for %d keywords, "
			    "the others are left out",
			    STR_A(name), MAILDIR_LETTERS);
		if (text.len > 0)
			ret = fs_write_file(x->out, "dovecot-keywords",
			    buf_str(&text), 0600, err);
	}
	buf_clear(&text);
	arena_free(arena);
	return ret;
}

static int
note_base(int dir, const char *name, void *ctx, struct err *err)
{
	struct export *x = ctx;
	struct maildir_name parsed;

	(void)dir;
	(void)err;
	maildir_parse_name(&parsed, str_of(name));
	(void)hash_put(x->there, parsed.base, x);
	return 0;
}

static int
export_maildir(struct export *x, struct str user, struct str name,
    const char *file, struct err *err)
{
	static const char *const folders[] = { "tmp", "new", "cur" };
	char path[ARCHIVE_PATH];
	int ret = -1;

	(void)snprintf(path, sizeof(path), ".%s", file);
	if (store_name_is_inbox(name))
		(void)snprintf(path, sizeof(path), ".");
	else if (fs_mkdir(x->dir, path, 0700, err) < 0)
		return -1;
	x->out = archive_open_dir(x->dir, path, err);
	if (x->out < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (fs_mkdir(x->out, folders[i], 0700, err) < 0)
			goto out;
	x->there = hash_new();
	if (archive_each(x->out, "cur", note_base, x, err) == 0 &&
	    put_keywords(x, user, name, err) == 0 &&
	    put_messages(x, user, name, err) == 0)
		ret = fs_sync_dir(x->out, "cur", err);
	hash_free(x->there);
out:
	(void)close(x->out);
	return ret;
}

static int
export_mbox(struct export *x, struct str user, struct str name,
    const char *file, struct err *err)
{
	char from[ARCHIVE_PATH], to[ARCHIVE_PATH];
	int ret;

	(void)snprintf(from, sizeof(from), "%s.mbox.new", file);
	(void)snprintf(to, sizeof(to), "%s.mbox", file);
	x->out = openat(x->dir, from,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (x->out < 0)
		return err_sys(err, "create %s", from);
	buf_reset(&x->file);
	ret = put_messages(x, user, name, err);
	if (ret == 0)
		ret = write_out(x, 0, err);
	if (ret == 0 && fsync(x->out) < 0)
		ret = err_sys(err, "sync %s", from);
	(void)close(x->out);
	if (ret == 0 && renameat(x->dir, from, x->dir, to) < 0)
		ret = err_sys(err, "name %s", to);
	return ret;
}

static int
export_mailbox(struct store_edge *edge, struct str user,
    const struct store_listing *mailbox, void *ctx, struct err *err)
{
	struct export *x = ctx;
	struct buf file;
	int ret;

	(void)edge;
	if (mailbox->type != STORE_TYPE_MAIL)
		return 0;
	buf_init(&file, 0);
	archive_put_name(&file, mailbox->name);
	(void)buf_addc(&file, '\0');
	(void)buf_addf(&x->list, "%s\t%" STR_F "\n", file.p,
	    STR_A(mailbox->name));
	progress_begin(&x->progress, mailbox->name, mailbox->exists);
	ret = x->is_maildir ?
	    export_maildir(x, user, mailbox->name, file.p, err) :
	    export_mbox(x, user, mailbox->name, file.p, err);
	x->mailboxes++;
	buf_clear(&file);
	return ret;
}

static int
run(struct export *x, struct verb_call *call, struct err *err)
{
	const char *path = call->args[1];
	int ret;

	if (fs_mkdir(AT_FDCWD, path, 0700, err) < 0)
		return -1;
	x->dir = archive_open_dir(AT_FDCWD, path, err);
	if (x->dir < 0)
		return -1;
	ret = store_edge_each(x->edge, store_edge_user(x->edge, call->args[0]),
	    verb_option(call, "--mailbox"), export_mailbox, x, err);
	if (ret == 0)
		ret = fs_write_file(x->dir, ARCHIVE_LIST, buf_str(&x->list),
		    0600, err);
	(void)close(x->dir);
	return ret;
}

static int export(struct verb_call *call, struct err *err)
{
	const char *format = verb_option(call, "--format");
	struct store_edge edge;
	struct export x = { .edge = &edge, .print = call->print };
	int ret;

	if (format != NULL && strcmp(format, "maildir") == 0)
		x.is_maildir = true;
	else if (format != NULL && strcmp(format, "mbox") != 0)
		return verb_usage(call, err, "--format is mbox or maildir");
	if (store_edge_open(&edge, call, TIMEOUT_MS, err) < 0)
		return -1;
	buf_init(&x.list, 0);
	buf_init(&x.bytes, 0);
	buf_init(&x.file, 0);
	buf_init(&x.name, 0);
	ret = run(&x, call, err);
	progress_end(&x.progress);
	if (ret == 0) {
		print_int(call->print, "mailboxes", (int64_t)x.mailboxes);
		print_int(call->print, "messages", (int64_t)x.messages);
	}
	buf_clear(&x.list);
	buf_clear(&x.bytes);
	buf_clear(&x.file);
	buf_clear(&x.name);
	store_edge_close(&edge);
	return ret;
}

const struct verb export_verbs[] = {
	{ VERB_OPERATOR, "mailbox export", "USER FOLDER",
	    "--mailbox NAME --format FORMAT",
	    "write a user's mail into mbox files or a Maildir", .run = export },
	{ .who = VERB_END },
};
