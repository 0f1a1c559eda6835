#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "verb/families.h"
#include "verb/store_edge.h"

enum { VERIFY_TIMEOUT_MS = 3600 * 1000 };

static const char *
use_name(uint8_t use)
{
	static const char *const names[] = {
		[STORE_USE_NONE] = "",
		[STORE_USE_DRAFTS] = "drafts",
		[STORE_USE_SENT] = "sent",
		[STORE_USE_JUNK] = "junk",
		[STORE_USE_TRASH] = "trash",
		[STORE_USE_ARCHIVE] = "archive",
	};

	return use < NELEMS(names) ? names[use] : "unknown";
}

static void
print_mailbox(struct print *p, const struct store_listing *row)
{
	print_open_record(p, NULL);
	print_str(p, "name", row->name);
	print_int(p, "messages", row->exists);
	print_int(p, "unseen", row->unseen);
	print_int(p, "bytes", (int64_t)row->bytes);
	print_strz(p, "use", use_name(row->use));
	print_bool(p, "subscribed", row->subscribed);
	print_int(p, "id", row->mailbox);
	print_close(p);
}

static void
print_user(struct print *p, const struct store_listing *row)
{
	print_open_record(p, NULL);
	print_str(p, "user", row->name);
	print_int(p, "messages", row->exists);
	print_int(p, "bytes", (int64_t)row->bytes);
	print_close(p);
}

/* All mailboxes of a user; without one, all who have mailboxes. */
static int
list(struct verb_call *call, struct err *err)
{
	bool is_user = call->args_len > 0;
	struct store_listed listed = { .more = true };
	struct str user = STR(""), after = STR("");
	struct store_edge edge;
	int ret = 0;

	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, err) < 0)
		return -1;
	if (is_user)
		user = store_edge_user(&edge, call->args[0]);
	print_open_list(call->print, is_user ? "mailboxes" : "users");
	while (ret == 0 && listed.more) {
		const struct store_listing *row;

		ret = store_client_list(edge.client, user, after, edge.arena,
		    &listed, err);
		if (ret < 0 || listed.mailboxes.count == 0)
			break;
		row = listed.mailboxes.items;
		for (size_t i = 0; i < listed.mailboxes.count; i++) {
			if (is_user)
				print_mailbox(call->print, &row[i]);
			else
				print_user(call->print, &row[i]);
		}
		after = row[listed.mailboxes.count - 1].name;
	}
	print_close(call->print);
	store_edge_close(&edge);
	return ret;
}

/* Trouble found is an error of the command, too: scripts look at its exit. */
static int
verify(struct verb_call *call, struct err *err)
{
	struct store_admin_done done;
	struct str rest, line;
	struct store_edge edge;
	int ret;

	if (store_edge_open(&edge, call, VERIFY_TIMEOUT_MS, err) < 0)
		return -1;
	ret = store_client_admin(edge.client, STORE_ADMIN_VERIFY, edge.arena,
	    &done, err);
	if (ret == 0) {
		print_int(call->print, "checked", (int64_t)done.checked);
		print_int(call->print, "problems", (int64_t)done.problems);
		print_open_list(call->print, "details");
		rest = done.text;
		while (str_split(&rest, '\n', &line))
			if (line.len > 0)
				print_str(call->print, NULL, line);
		print_close(call->print);
	}
	if (ret == 0 && done.problems > 0)
		ret = err_set(err, ERR_CORRUPT, "the store has %llu problems",
		    (unsigned long long)done.problems);
	store_edge_close(&edge);
	return ret;
}

/*
 * stored cannot be asked, perhaps because its index does not open: leave the
 * mark that it leaves itself when it is. The folder is the store's user's, so
 * what stands there under that name is never followed or written to.
 */
static int
mark_rebuild(struct verb_call *call, struct err *err)
{
	int fd = openat(call->env->dirfd, "store/default/rebuild",
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return err_sys(err, "store/default/rebuild");
	if (fd >= 0)
		(void)close(fd);
	print_line(call->print,
	    "stored makes its index from the packs when it starts");
	return 0;
}

static int
rebuild(struct verb_call *call, struct err *err)
{
	struct store_admin_done done;
	struct store_edge edge;
	int ret;

	if (store_edge_open(&edge, call, STORE_EDGE_TIMEOUT, err) < 0)
		return err->kind == ERR_NOENT ? mark_rebuild(call, err) : -1;
	ret = store_client_admin(edge.client, STORE_ADMIN_REBUILD, edge.arena,
	    &done, err);
	if (ret == 0)
		print_line(call->print,
		    "stored starts anew and makes its index from the packs");
	else if (err->kind == ERR_TEMP)
		ret = mark_rebuild(call, err);
	store_edge_close(&edge);
	return ret;
}

static int
compact(struct verb_call *call, struct err *err)
{
	struct store_admin_done done;
	struct store_edge edge;
	int ret;

	if (store_edge_open(&edge, call, VERIFY_TIMEOUT_MS, err) < 0)
		return -1;
	ret = store_client_admin(edge.client, STORE_ADMIN_COMPACT, edge.arena,
	    &done, err);
	if (ret == 0) {
		if (print_is_json(call->print))
			print_int(call->print, "removed",
			    (int64_t)done.checked);
		print_line(call->print, "%" STR_F, STR_A(str_trim(done.text)));
	}
	store_edge_close(&edge);
	return ret;
}

const struct verb mailbox_verbs[] = {
	{ VERB_OPERATOR, "mailbox list", "[OWNER]", "",
	    "list the mailboxes of a user or a domain, or who has any",
	    .run = list },
	{ VERB_OPERATOR, "mailbox verify", "", "",
	    "check every invariant of the store", .run = verify },
	{ VERB_OPERATOR, "mailbox compact", "", "",
	    "take back what expunged mail has left", .run = compact },
	{ VERB_OPERATOR, "mailbox rebuild", "", "",
	    "make the index anew from the packs", .run = rebuild },
	{ .who = VERB_END },
};
