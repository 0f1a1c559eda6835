/*
 * Whatever smtpd, lmtpd and qmgr may ask rewrite: frames, as they come over
 * an edge, to its handlers and a directory in this process. The first byte
 * says whether that one is away, or goes away, and whether senders are
 * rewritten. Every question that is one has exactly one answer, which fits
 * its message, and nobody is given what is not ours.
 */
#include <stdint.h>

#include "rewrite/job.h"
#include "t/lib/directory.h"
#include "t/lib/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 16384,
	ANSWERS_MAX = 64 << 20,
	AWAY = 1,     /* from the beginning */
	LOST = 2,     /* behind the first half of the input */
	NO_SRS = 4,   /* senders stay as they are */
	NO_CACHE = 8, /* each question is the directory's */
	HANGS_UP = 16 /* who asked is gone before the answers are there */
};

#define A63         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_LOCAL  A63
#define LONG_DOMAIN A63 "." A63 "." A63 ".test"

static const struct directory_entry entries[] = {
	{ "site", NULL,
	    (const char *const[]){ "objectClass", "mailSite",
		"mailAdministrator", "ada@a.test", NULL } },
	{ "a", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", "a.test", "mailQuotaSize", "1000",
		"mailAdministrator", "ada@a.test", NULL } },
	{ "off", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", "off.test", "accountStatus", "disabled",
		NULL } },
	{ "relay", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", "relay.test", "mailTransport", "smtp",
		"mailNextHop", "[192.0.2.1]", NULL } },
	{ "long", NULL,
	    (const char *const[]){ "objectClass", "mailDomain",
		"associatedDomain", LONG_DOMAIN, NULL } },
	{ "ada", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"ada@a.test", "mailAlternateAddress", "a@a.test",
		"mailAlternateAddress", "ada+work@a.test", "mailSenderAddress",
		"@relay.test", "mailPartition", "other", NULL } },
	{ "bob", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"bob@a.test", "mailboxOwner", "robert@a.test", "accountStatus",
		"nologin", "mailForwardingAddress", "b@elsewhere.test",
		"mailQuotaSize", "7", NULL } },
	{ "eve", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"eve@a.test", "accountStatus", "disabled", NULL } },
	{ "gone", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"gone@a.test", "accountStatus", "deleted", NULL } },
	{ "longuser", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		LONG_LOCAL "@" LONG_DOMAIN, "mailAlternateAddress", "l@a.test",
		NULL } },
	/* more than an answer takes */
	{ "partition", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		"p@a.test", "mailPartition", A63 "aa", NULL } },
	{ "longest", NULL,
	    (const char *const[]){ "objectClass", "mailUser", "mail",
		A63 A63 "@" LONG_DOMAIN, "mailAlternateAddress", "m@a.test",
		NULL } },
	{ "all", NULL,
	    (const char *const[]){ "objectClass", "mailAlias", "mail",
		"all@a.test", "mailForwardingAddress", "ada@a.test",
		"mailForwardingAddress", "bob@a.test", "mailForwardingAddress",
		"circle@a.test", "mailForwardingAddress", "x@elsewhere.test",
		"mailForwardingAddress", "l@a.test", NULL } },
	{ "circle", NULL,
	    (const char *const[]){ "objectClass", "mailAlias", "mail",
		"circle@a.test", "mailForwardingAddress", "all@a.test",
		NULL } },
	{ "list", NULL,
	    (const char *const[]){ "objectClass", "mailList", "mail",
		"list@a.test", "mailMember", "c@relay.test", "mailMember",
		"ada@a.test", NULL } },
	{ "room", NULL,
	    (const char *const[]){ "objectClass", "mailResource", "mail",
		"room@a.test", "mailboxOwner", "shared:@a.test", "mailMailbox",
		"Rooms/1", NULL } },
	{ "catch", NULL,
	    (const char *const[]){ "objectClass", "mailAlias", "mail",
		"@relay.test", "mailForwardingAddress", "@a.test", NULL } },
	{ NULL, NULL, NULL },
};

static const struct ipc_handler handlers[] = {
	{ &rewrite_rcpt_msg, expand_ask },
	{ &rewrite_user_msg, user_ask },
	{ &rewrite_sender_msg, sender_ask },
	{ NULL, NULL },
};

static void
closed(struct ipc_peer *peer)
{
	job_forget_peer(ipc_peer_ctx(peer), peer);
}

static const struct {
	const struct ipc_msg *question, *answer;
} pairs[] = {
	{ &rewrite_rcpt_msg, &rewrite_rcpt_answer_msg },
	{ &rewrite_user_msg, &rewrite_user_answer_msg },
	{ &rewrite_sender_msg, &rewrite_sender_answer_msg },
};

/* How many questions the daemon must answer: up to the first nonsense. */
static size_t
count_questions(struct str in)
{
	struct arena *arena = arena_new(1 << 20);
	struct ipc_fds fds = { .count = 0 };
	struct frame frame;
	struct err err;
	size_t count = 0, i = 0;
	union {
		struct rewrite_rcpt rcpt;
		struct rewrite_user user;
		struct rewrite_sender sender;
	} out;

	while (frame_take(&in, &frame, &err) > 0 && frame.fds == 0) {
		for (i = 0; i < NELEMS(pairs); i++)
			if (pairs[i].question->type == frame.type)
				break;
		if (i == NELEMS(pairs) ||
		    ipc_decode(&out, pairs[i].question, frame.payload, &fds,
			arena, &err) < 0)
			break;
		count++;
	}
	arena_free(arena);
	return count;
}

static void
check_rcpt(const struct rewrite_rcpt_answer *answer)
{
	const struct rewrite_target *target = answer->targets.items;

	if (answer->status > REWRITE_LOOP ||
	    (answer->status == REWRITE_OK && answer->targets.count == 0) ||
	    (answer->status != REWRITE_OK &&
		answer->status != REWRITE_FOREIGN && answer->targets.count > 0))
		panic("status %d of %zu targets", answer->status,
		    answer->targets.count);
	for (size_t i = 0; i < answer->targets.count; i++)
		if (target[i].address.len == 0 || target[i].transport.len == 0)
			panic("a target that is none");
}

static void
check_answer(const struct frame *frame)
{
	struct arena *arena = arena_new(8 << 20);
	struct ipc_fds fds = { .count = 0 };
	const struct ipc_msg *msg = &ipc_error_msg;
	struct err err;
	union {
		struct ipc_error error;
		struct rewrite_rcpt_answer rcpt;
		struct rewrite_user_answer user;
		struct rewrite_sender_answer sender;
	} out;

	for (size_t i = 0; i < NELEMS(pairs); i++)
		if (pairs[i].answer->type == frame->type)
			msg = pairs[i].answer;
	if (ipc_decode(&out, msg, frame->payload, &fds, arena, &err) < 0 ||
	    (msg == &ipc_error_msg && frame->type != IPC_ERROR))
		panic("answer: %s", err.text);
	if (msg == &rewrite_rcpt_answer_msg)
		check_rcpt(&out.rcpt);
	if (msg == &rewrite_user_answer_msg && out.user.status == REWRITE_OK &&
	    out.user.user.len == 0)
		panic("a user without a name");
	arena_free(arena);
}

static size_t
check_answers(struct str in)
{
	struct frame frame;
	struct err err;
	size_t count = 0;

	while (frame_take(&in, &frame, &err) > 0) {
		check_answer(&frame);
		count++;
	}
	if (in.len > 0)
		panic("half an answer");
	return count;
}

static void
open_rewrite(struct rewrite *rewrite, int how)
{
	*rewrite = (struct rewrite){
		.source_conf = { .directory = { "ldapi", "o=test", 10 },
		    .cache_time = how & NO_CACHE ? 0 : 3,
		    .stale_time = 3600,
		    .cache_size = 100 },
		.delimiter = "+",
		.mailbox_transport = "lmtp",
		.default_transport = "smtp",
		.relayhost = "",
		.daemon = frames_daemon(),
	};
	list_init(&rewrite->jobs);
	if (!(how & NO_SRS))
		rewrite->srs = (struct srs){
			.key = STR("0123456789abcdef0123456789abcdef"),
			.domain = STR("a.test"),
			.max_age = 21,
		};
	rewrite->source =
	    source_new(frames_daemon()->base, &rewrite->source_conf);
}

static void
talk(struct rewrite *rewrite, int how, struct str in)
{
	static const struct ipc_peer_ops ops = {
		.handlers = handlers,
		.closed = closed,
	};
	size_t half = how & LOST ? in.len / 2 : in.len;
	struct ipc_peer *peer;
	struct buf out;
	int fd = frames_connect("smtpd", &ops, rewrite, &peer);
	bool is_open;

	buf_init(&out, ANSWERS_MAX);
	if (how & HANGS_UP) {
		(void)!write(fd, in.p, in.len);
		(void)shutdown(fd, SHUT_RDWR);
		frames_run();
	} else {
		is_open = frames_say(fd, str_sub(in, 0, half), &out);
		directory.is_away = directory.is_away || how & LOST;
		if (is_open)
			is_open =
			    frames_say(fd, str_sub(in, half, in.len), &out);
		if (check_answers(buf_str(&out)) != count_questions(in) &&
		    is_open)
			panic("not an answer a question");
		if (is_open)
			ipc_peer_close(peer);
	}
	(void)close(fd);
	frames_run();
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rewrite rewrite;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	directory = (struct directory){ .entry = entries,
		.is_away = (data[0] & AWAY) != 0 };
	open_rewrite(&rewrite, data[0]);
	talk(&rewrite, data[0], str_make(data + 1, size - 1));
	if (!list_is_empty(&rewrite.jobs))
		panic("a question that does not end");
	source_free(rewrite.source);
	return 0;
}
