/*
 * double - a maildrop without a store, and a session that is talked to in one
 * go. Used by the unit test and by the fuzz target.
 */
#ifndef T_UNIT_POP3D_DOUBLE_H
#define T_UNIT_POP3D_DOUBLE_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/buf.h"
#include "pop3d/command.h"
#include "store/message.h"

struct double_drop {
	struct maildrop drop;
	struct buf told; /* "remove 1 3;" "seen 2;" */
	bool fail;       /* the store refuses what is asked of it */
};

/*
 * UID 3 is gone, UID 9 cannot be read now, the others are as follows. 10 and
 * 11 are there only in a maildrop that double_add_wide() was done to.
 */
static const struct {
	uint32_t uid;
	const char *prefix, *body;
} double_messages[] = {
	{ 1, "Return-Path: <x@y>\r\n",
	    "Subject: one\r\n\r\nline 1\r\n.line 2\r\n..\r\nline 4\r\n" },
	{ 2, "", "Subject: two\r\n\r\nno end" },
	{ 3, "", "gone\r\n" },
	{ 7, "", "\r\n" },
	{ 9, "", "trouble\r\n" },
	{ 10, "Delivered-To: \303\274@x\r\n",
	    "Subject: \303\274\r\n\r\n\303\266\r\nend\r\n" },
	{ 11, "", "Content-Type: multipart/mixed; boundary=\303\274\r\n\r\n" },
};

enum { DOUBLE_NARROW = 5 };

static int
double_body(void *ctx, uint32_t uid, struct store_body *out, struct err *err)
{
	(void)ctx;
	if (uid == 3)
		return err_set(err, ERR_NOENT, "gone");
	if (uid == 9)
		return err_set(err, ERR_TEMP, "disk");
	for (size_t i = 0;; i++) {
		if (double_messages[i].uid != uid)
			continue;
		out->prefix = str_of(double_messages[i].prefix);
		out->body = str_of(double_messages[i].body);
		return 0;
	}
}

static void
double_note(struct double_drop *drop, const char *what,
    const struct store_uids *uids)
{
	(void)buf_addz(&drop->told, what);
	for (uint32_t uid = store_uids_next(uids, 1); uid != 0;
	     uid = store_uids_next(uids, uid + 1))
		(void)buf_addf(&drop->told, " %u", uid);
	(void)buf_addz(&drop->told, ";");
}

static int
double_remove(void *ctx, const struct store_uids *uids, struct err *err)
{
	struct double_drop *drop = ctx;

	double_note(drop, "remove", uids);
	return drop->fail ? err_set(err, ERR_TEMP, "disk full") : 0;
}

static int
double_seen(void *ctx, const struct store_uids *uids, struct err *err)
{
	struct double_drop *drop = ctx;

	double_note(drop, "seen", uids);
	return drop->fail ? err_set(err, ERR_TEMP, "disk full") : 0;
}

static inline void
double_init(struct double_drop *drop)
{
	static const struct maildrop_ops ops = {
		.body = double_body,
		.remove = double_remove,
		.mark_seen = double_seen,
	};

	*drop = (struct double_drop){ .drop = { .ops = &ops } };
	drop->drop.ctx = drop;
	drop->drop.uidvalidity = 1700000000;
	buf_init(&drop->told, 0);
	for (size_t i = 0; i < DOUBLE_NARROW; i++)
		maildrop_add(&drop->drop, double_messages[i].uid,
		    (uint32_t)(strlen(double_messages[i].prefix) +
			strlen(double_messages[i].body)),
		    double_messages[i].uid == 7);
}

/* Two messages whose headers are beyond ASCII. */
static inline void
double_add_wide(struct double_drop *drop, bool utf8)
{
	drop->drop.utf8 = utf8;
	for (size_t i = DOUBLE_NARROW; i < NELEMS(double_messages); i++) {
		maildrop_add(&drop->drop, double_messages[i].uid,
		    (uint32_t)(strlen(double_messages[i].prefix) +
			strlen(double_messages[i].body)),
		    false);
		drop->drop.item[i].wide = true;
	}
}

static inline void
double_clear(struct double_drop *drop)
{
	maildrop_clear(&drop->drop);
	buf_clear(&drop->told);
}

/*
 * A session that is sent in and then no more; what it says is added to out.
 * in and what it leads to must fit the socket's buffers (some 100 KiB).
 */
static inline void
double_talk(struct double_drop *drop, struct str in, struct buf *out)
{
	static const struct pop3d_conf conf = { .timeout = 5,
		.max_errors = 3,
		.mark_seen = true };
	struct command_session session = { .conf = &conf };
	struct stream *stream;
	int pair[2], size = 4 << 20;
	ssize_t n;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		abort();
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (send(pair[1], in.p, in.len, 0) != (ssize_t)in.len)
		abort();
	(void)shutdown(pair[1], SHUT_WR);
	stream = stream_new(pair[0], 4096);
	stream_set_timeout(stream, 60000);
	session.stream = stream;
	session.drop = &drop->drop;
	command_loop(&session, -1);
	stream_free(stream);
	do {
		char *room = buf_reserve(out, 65536);

		n = read(pair[1], room, 65536);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0);
	(void)close(pair[1]);
}

#endif
