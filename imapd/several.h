/*
 * several - the messages of one APPEND (RFC 3502), which enter the mailbox
 * all or not at all.
 *
 * They are kept until the command is whole. Few bytes of them are one request
 * to stored, and the next command need not wait for its answer. As soon as
 * they are more (STORE_MSG_INLINE_MAX), or one is large, each is sent on as an
 * upload of its own, and at the end a request takes all uploads.
 */
#ifndef IMAPD_SEVERAL_H
#define IMAPD_SEVERAL_H

#include "base/err.h"
#include "imap/flags.h"
#include "imapd/upload.h"

struct command;

struct part {
	struct imap_flags flags;
	int64_t internal;
	bool in_utf8;       /* UTF8 (~{...}): a ")" follows */
	struct buf message; /* owned; empty: in a file, or sent */
	struct buf digest;  /* owned */
	uint64_t blob;      /* as stored names the upload */
	uint16_t number;    /* of the request; 0: it is answered */
};

struct append {
	struct command *cmd;
	struct str name;
	uint32_t mailbox;  /* what that was when the first message came */
	struct part *part; /* in cmd->arena */
	size_t count, cap;
	size_t bytes;  /* of messages and digests kept */
	size_t sent;   /* parts that are uploads; 0: those kept go together */
	unsigned open; /* of these, the ones without an answer */
	size_t open_bytes;
	bool failed; /* and cmd says why */
};

/* The command fails, by the first trouble it meets. */
void append_fail(struct append *append, const struct err *err);

/* The newest part's message is there: take it over. */
void several_add(struct append *append, struct upload *upload);
/* A message is to be read that goes by a file: nothing may be under way. */
void several_before_large(struct append *append);
/* The command is whole, or failed: into the mailbox with them, or away. */
void several_end(struct append *append);

#endif
