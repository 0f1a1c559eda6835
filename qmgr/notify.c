#include "qmgr/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/time.h"
#include "base/utf8.h"
#include "ipc/queue_msg.h"
#include "ipc/rewrite_msg.h"
#include "qmgr/batch.h"
#include "qmgr/dest.h"
#include "qmgr/result.h"
#include "qmgr/retire.h"
#include "qmgr/words.h"
#include "smtpproto/reply.h"

enum { NOTICE_HEADER_MAX = 1 << 20, RCPTS_TOLD_MAX = 1000, RETRY = 5 };

/* protocol of a record: one of ours, and one to the postmaster */
static const char ours[] = "internal", last[] = "postmaster";

/* A notification on its way: first its route, then the disk. */
struct notice {
	struct qmgr *q;
	struct message *message; /* of which it tells; NULL: that goes on */
	enum bounce_kind kind;
	uint32_t *rcpt;             /* owned */
	enum bounce_action *action; /* owned: of each */
	size_t count;
	enum queue_state state; /* LIVE: nothing is retired with it */
	struct buf text;        /* the notification */
	size_t header_len;
	struct str to; /* owned: whom it goes to */
	struct event *retry;
	char id[QUEUE_SHORT_SIZE];
};

static void ask_route(struct notice *notice);

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask_route(arg);
}

static struct notice *
notice_new(struct qmgr *q, struct message *message, enum bounce_kind kind,
    size_t count, enum queue_state state)
{
	struct notice *notice = xcalloc(1, sizeof(*notice));
	struct str to = message->record.sender;

	if (kind == BOUNCE_TO_POSTMASTER)
		to = str_of(q->conf.double_bounce);
	notice->q = q;
	notice->message = message;
	notice->kind = kind;
	notice->state = state;
	notice->rcpt = xcalloc(count + 1, sizeof(*notice->rcpt));
	notice->action = xcalloc(count + 1, sizeof(*notice->action));
	notice->to = str_make(xmemdup(to.p, to.len), to.len);
	notice->retry = evtimer_new(q->base, on_retry, notice);
	buf_init(&notice->text, 0);
	(void)queue_id_short(notice->id, &message->id);
	/* what is to be retired stays, and rests, until this is decided */
	message->jobs += state != QUEUE_LIVE;
	return notice;
}

static void
notice_add(struct notice *notice, uint32_t rcpt, enum bounce_action action)
{
	notice->rcpt[notice->count] = rcpt;
	notice->action[notice->count++] = action;
}

static void
notice_free(struct notice *notice)
{
	event_free(notice->retry);
	free(notice->rcpt);
	free(notice->action);
	free((void *)(uintptr_t)notice->to.p);
	buf_clear(&notice->text);
	free(notice);
}

/* The message it tells of goes its way. */
static void
let_go(struct notice *notice)
{
	struct message *message = notice->message;

	notice->message = NULL;
	if (notice->state != QUEUE_LIVE)
		result_job_ended(notice->q, message, false);
}

/* "550 5.1.1 text": the status in a reason, else the default. */
static struct str
status_of(struct str reason, enum bounce_action action, bool expired)
{
	static const char *const usual[] = {
		[BOUNCE_FAILED] = "5.0.0",
		[BOUNCE_DELAYED] = "4.0.0",
		[BOUNCE_DELIVERED] = "2.0.0",
		[BOUNCE_RELAYED] = "2.0.0",
		[BOUNCE_EXPANDED] = "2.0.0",
	};
	struct str in = reason;
	struct smtp_status status;

	if (expired)
		return str_of("4.4.7"); /* RFC 3463: delivery time expired */
	if (in.len > 4 && is_digit(in.p[0]) && in.p[3] == ' ')
		str_skip(&in, 4);
	reason = in;
	if (!smtp_status_take(&in, &status) || reason.p[0] != usual[action][0])
		return str_of(usual[action]);
	return str_make(reason.p, reason.len - in.len);
}

/* Prefix and header by their lengths, and what is behind them. */
static void
split_original(struct bounce *bounce, struct str bytes)
{
	size_t len = bounce->record->prefix.len + bounce->record->header_len;

	bounce->header = str_sub(bytes, 0, len);
	bounce->body = str_sub(bytes, len, bytes.len);
}

/* The original's header, and its body where it is short enough. */
static int
read_original(struct qmgr *q, struct message *message, struct buf *record,
    struct buf *large, struct bounce *bounce, struct err *err)
{
	const struct queue_record *r = &message->record;
	size_t want = r->header_len;
	char path[MESSAGE_LARGE_SIZE];
	struct str bytes;
	int fd, ret;

	/* The notification is lines: what is none stays behind. */
	bounce->whole = r->body_type != QUEUE_BINARYMIME &&
	    r->body_len <= q->conf.bounce_limit && r->ret != 2 &&
	    (bounce->kind == BOUNCE_OF_FAILURE ||
		bounce->kind == BOUNCE_TO_POSTMASTER);
	if (pool_read(message, record, &bytes, err) < 0)
		return -1;
	bytes = str_sub(bytes, message->envelope_len, bytes.len);
	if (!r->is_large) {
		split_original(bounce, bytes);
		return 0;
	}
	if (want > NOTICE_HEADER_MAX)
		want = NOTICE_HEADER_MAX;
	if (bounce->whole)
		want = r->body_len;
	message_large_path(path, &message->id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	(void)buf_add_str(large, bytes);
	ret = fs_pread_all(fd, buf_reserve(large, want + 1), want, 0, err);
	(void)close(fd);
	large->len += want;
	split_original(bounce, buf_str(large));
	return ret;
}

/*
 * Does the text fit into the log as a message? What is too long for a segment
 * would be tried again for ever, and nothing behind it be taken. A quarter is
 * for the envelope.
 */
static bool
fits(const struct notice *notice)
{
	size_t most = seglog_record_max(notice->q->ring.log);

	return notice->text.len <= most - most / 4;
}

/* Leave out what can be missed most. False: nothing can. */
static bool
tell_less(struct bounce *bounce)
{
	if (bounce->whole)
		bounce->whole = false;
	else if (bounce->header.len > 0)
		bounce->header.len = 0;
	else if (bounce->rcpts > 1)
		bounce->rcpts /= 2;
	else
		return false;
	return true;
}

static void
fill_rcpt(const struct notice *notice, size_t i, struct bounce_rcpt *out)
{
	const struct message *message = notice->message;
	const struct queue_recipient *from =
	    message_rcpt(message, notice->rcpt[i]);
	enum bounce_action action = notice->action[i];
	struct str told = str_of(message_reason(message, notice->rcpt[i]));

	*out = (struct bounce_rcpt){
		.action = action,
		.address = from->address,
		.orcpt = from->orcpt,
		.original = from->original,
	};
	if (action == BOUNCE_EXPANDED) {
		out->address = from->original;
		told = str_of("250 2.0.0 passed on to those it stands for");
	} else if (action == BOUNCE_DELAYED && told.len == 0) {
		told = str_of("it is being tried");
	}
	words_untell(told, &out->host, &out->diagnostic);
	out->status =
	    status_of(out->diagnostic, action, notice->state == QUEUE_EXPIRED);
}

/* The notification's text into notice. */
static int
write_text(struct notice *notice, struct err *err)
{
	struct message *message = notice->message;
	struct qmgr *q = notice->q;
	size_t told =
	    notice->count < RCPTS_TOLD_MAX ? notice->count : RCPTS_TOLD_MAX;
	struct bounce_rcpt *rcpt = xcalloc(told, sizeof(*rcpt));
	struct buf record, large;
	char random[2][17];
	struct bounce bounce = {
		.hostname = q->conf.hostname,
		.kind = notice->kind,
		.expired = notice->state == QUEUE_EXPIRED,
		.record = &message->record,
		.to = notice->to,
		.id = notice->id,
		.boundary = random[0],
		.message_id = random[1],
		.now = time_real() / TIME_SECOND,
		.retry_until =
		    message->record.arrival / TIME_SECOND + q->conf.lifetime,
		.rcpt = rcpt,
		.rcpts = told,
	};
	int ret;

	for (size_t i = 0; i < NELEMS(random); i++)
		hex_encode(random[i], &(uint64_t){ rand_u64() }, 8);
	for (size_t i = 0; i < told; i++)
		fill_rcpt(notice, i, &rcpt[i]);
	buf_init(&record, 0);
	buf_init(&large, 0);
	ret = read_original(q, message, &record, &large, &bounce, err);
	if (ret == 0) {
		do {
			buf_reset(&notice->text);
			notice->header_len =
			    bounce_write(&notice->text, &bounce);
		} while (!fits(notice) && tell_less(&bounce));
	}
	buf_clear(&record);
	buf_clear(&large);
	free(rcpt);
	return ret;
}

static void
on_kept(void *ctx, struct message *message, const struct err *err)
{
	static const char *const names[] = {
		[BOUNCE_OF_FAILURE] = "sender non-delivery",
		[BOUNCE_OF_DELAY] = "sender delay",
		[BOUNCE_OF_SUCCESS] = "sender delivery status",
		[BOUNCE_TO_POSTMASTER] = "postmaster non-delivery",
	};
	struct notice *notice = ctx;
	char id[QUEUE_SHORT_SIZE];

	(void)err; /* it is kept until the disk takes it */
	if (message != NULL)
		log_info("%s: %s notification: %s", notice->id,
		    names[notice->kind], queue_id_short(id, &message->id));
	notice_free(notice);
}

/*
 * It is on its way: a message of its own; in the same batch as what it stands
 * for, or before it, since what is retired in the spool is written after the
 * ring.
 */
static void
keep(struct notice *notice, struct queue_recipient *rcpt, size_t count,
    bool held)
{
	struct qmgr *q = notice->q;
	struct queue_id id = qmgr_new_id(q);
	struct queue_record record = {
		.queue = id.queue,
		.epoch = id.epoch,
		.counter = id.counter,
		.arrival = time_real(),
		.sender = str_of(""),
		.body_type = !utf8_is_ascii(buf_str(&notice->text)),
		.smtputf8 = !utf8_is_ascii(notice->to),
		.protocol =
		    str_of(notice->kind == BOUNCE_TO_POSTMASTER ? last : ours),
		.held = held,
		.hold = str_of(held ? "a notification that nobody takes" : ""),
		.header_len = notice->header_len,
		.body_len = notice->text.len,
		.rcpts = { rcpt, count },
		.prefix = str_of(""),
	};
	struct message *message = NULL;
	struct buf bytes;
	struct err err;

	buf_init(&bytes, 0);
	if (queue_record_encode(&bytes, &record, &err) == 0) {
		(void)buf_add_str(&bytes, buf_str(&notice->text));
		message = message_new(buf_str(&bytes), &err);
	}
	if (message == NULL)
		panic("notification: %s", err.text);
	for (size_t i = 0; notice->message != NULL && i < notice->count; i++)
		retire_rcpt(q, notice->message, notice->rcpt[i], notice->state);
	if (notice->message != NULL)
		let_go(notice);
	(void)batch_add(q, message, &bytes, true, on_kept, notice);
}

/* Nobody here takes it: the postmaster does, or else the operator sees it. */
static void
keep_unrouted(struct notice *notice)
{
	struct queue_recipient rcpt = {
		.address = notice->to,
		.original = notice->to,
		.orcpt = str_of(""),
		.transport = str_of("smtp"),
		.nexthop = str_of("localhost"),
		.sender = str_of(""),
		.notify = QUEUE_NOTIFY_NEVER,
	};
	struct str to = str_of(notice->q->conf.double_bounce);

	if (notice->kind == BOUNCE_OF_FAILURE && to.len > 0) {
		log_info("%s: its sender takes no mail", notice->id);
		notice->kind = BOUNCE_TO_POSTMASTER;
		free((void *)(uintptr_t)notice->to.p);
		notice->to = str_make(xmemdup(to.p, to.len), to.len);
		ask_route(notice);
		return;
	}
	log_warn("%s: the notification for <%" STR_F "> cannot be sent and is "
		 "placed on hold",
	    notice->id, STR_A(notice->to));
	keep(notice, &rcpt, 1, true);
}

/* rewrite does not know now: what failed fails again, the rest waits. */
static void
no_route(struct notice *notice, const struct err *err)
{
	static const struct timeval wait = { RETRY, 0 };

	if (daemon_is_stopping(notice->q->daemon)) {
		notice_free(notice);
		return;
	}
	log_warn("%s: no notification yet: %s", notice->id, err->text);
	if (notice->kind == BOUNCE_OF_SUCCESS ||
	    notice->kind == BOUNCE_OF_DELAY) {
		(void)evtimer_add(notice->retry, &wait);
		return;
	}
	let_go(notice);
	notice_free(notice);
}

static void
on_route(void *ctx, const void *in, const struct err *err)
{
	const struct rewrite_rcpt_answer *answer = in;
	const struct rewrite_target *target;
	struct notice *notice = ctx;
	struct queue_recipient *rcpt;

	if (answer == NULL) {
		no_route(notice, err);
		return;
	}
	if (answer->targets.count == 0) {
		keep_unrouted(notice);
		return;
	}
	target = answer->targets.items;
	rcpt = xcalloc(answer->targets.count, sizeof(*rcpt));
	for (size_t i = 0; i < answer->targets.count; i++)
		rcpt[i] = (struct queue_recipient){
			.address = target[i].address,
			.original = notice->to,
			.orcpt = str_of(""),
			.transport = target[i].transport,
			.nexthop = target[i].nexthop,
			.sender = str_of(""),
			/* all that RFC 3461 section 6.1 allows */
			.notify = QUEUE_NOTIFY_NEVER,
		};
	keep(notice, rcpt, answer->targets.count, false);
	free(rcpt);
}

static void
ask_route(struct notice *notice)
{
	(void)ipc_async_call(notice->q->rewrite, &rewrite_rcpt_msg,
	    &(struct rewrite_rcpt){ notice->to, str_of("") },
	    &rewrite_rcpt_answer_msg, on_route, notice);
}

/* Write it and send it off, if it tells of anybody. */
static void
send_off(struct notice *notice)
{
	struct message *message = notice->message;
	struct err err;

	if (notice->count == 0) {
		let_go(notice);
		notice_free(notice);
		return;
	}
	if (write_text(notice, &err) == 0) {
		if (notice->state == QUEUE_LIVE)
			notice->message = NULL; /* it goes on */
		ask_route(notice);
		return;
	}
	log_error("%s: no notification: %s", notice->id, err.text);
	let_go(notice);
	if (notice->state == QUEUE_BOUNCED || notice->state == QUEUE_EXPIRED)
		result_hold(notice->q, message, err.text);
	notice_free(notice);
}

/* RFC 3461 section 4.1: said, or, where nothing was said, the default. */
static bool
wants(const struct queue_recipient *rcpt, unsigned bit, bool usual)
{
	unsigned notify = rcpt->notify & ~(unsigned)QUEUE_NOTIFY_EXPANDED;

	return notify == 0 ? usual : (notify & bit) != 0;
}

void
notify_failed(struct qmgr *q, struct message *message, const uint32_t *rcpt,
    size_t count, enum queue_state state)
{
	bool nobody = message->record.sender.len == 0;
	struct notice *notice;

	if (nobody &&
	    (str_eqz(message->record.protocol, last) ||
		q->conf.double_bounce[0] == '\0')) {
		result_hold(q, message, "a notice that nobody takes");
		return;
	}
	notice = notice_new(q, message,
	    nobody ? BOUNCE_TO_POSTMASTER : BOUNCE_OF_FAILURE, count, state);
	for (size_t i = 0; i < count; i++) {
		if (nobody ||
		    wants(message_rcpt(message, rcpt[i]), QUEUE_NOTIFY_FAILURE,
			true))
			notice_add(notice, rcpt[i], BOUNCE_FAILED);
		else
			retire_rcpt(q, message, rcpt[i], state);
	}
	send_off(notice);
}

void
notify_sent(struct qmgr *q, struct message *message, const uint32_t *rcpt,
    const enum bounce_action *action, size_t count)
{
	struct notice *notice =
	    notice_new(q, message, BOUNCE_OF_SUCCESS, count, QUEUE_DELIVERED);

	for (size_t i = 0; i < count; i++)
		notice_add(notice, rcpt[i], action[i]);
	send_off(notice);
}

void
notify_expanded(struct qmgr *q, struct message *message)
{
	size_t count = message->record.rcpts.count;
	struct notice *notice = NULL;

	for (size_t i = 0; i < count; i++) {
		struct queue_recipient *rcpt = message_rcpt(message, i);

		if (!(rcpt->notify & QUEUE_NOTIFY_EXPANDED))
			continue;
		rcpt->notify &= (uint8_t)~QUEUE_NOTIFY_EXPANDED;
		if (message->record.sender.len == 0)
			continue;
		if (notice == NULL)
			notice = notice_new(q, message, BOUNCE_OF_SUCCESS,
			    count, QUEUE_LIVE);
		notice_add(notice, (uint32_t)i, BOUNCE_EXPANDED);
	}
	if (notice != NULL)
		send_off(notice);
}

bool
notify_delay_is_due(const struct qmgr *q, const struct message *message)
{
	int64_t age = time_real() - message->record.arrival;

	return q->conf.delay_warning > 0 && !message->record.warned &&
	    message->record.sender.len > 0 &&
	    age > (int64_t)q->conf.delay_warning * TIME_SECOND;
}

void
notify_delayed(struct qmgr *q, struct message *message)
{
	struct notice *notice;

	message->record.warned = true;
	pool_change(message->pool, &message->id, QUEUE_WHOLE, QUEUE_WARNED);
	batch_want(q);
	notice = notice_new(q, message, BOUNCE_OF_DELAY,
	    message->record.rcpts.count, QUEUE_LIVE);
	for (size_t i = 0; i < message->record.rcpts.count; i++) {
		const struct queue_recipient *rcpt = message_rcpt(message, i);

		if (rcpt->state == QUEUE_LIVE &&
		    wants(rcpt, QUEUE_NOTIFY_DELAY, true))
			notice_add(notice, (uint32_t)i, BOUNCE_DELAYED);
	}
	send_off(notice);
}
