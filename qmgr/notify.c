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
#include "ipc/rewrite_msg.h"
#include "qmgr/batch.h"
#include "qmgr/bounce.h"
#include "qmgr/dest.h"
#include "qmgr/result.h"
#include "qmgr/retire.h"
#include "smtpproto/reply.h"

enum { NOTICE_HEADER_MAX = 1 << 20, RCPTS_TOLD_MAX = 1000 };

/* A notification on its way: first its route, then the disk. */
struct notice {
	struct qmgr *q;
	struct message *message; /* that failed; NULL: nothing to retire */
	uint32_t *rcpt;          /* owned */
	size_t count;
	enum queue_state state;
	struct buf text; /* the notification */
	size_t header_len;
	bool utf8;
	struct str sender; /* owned: whom it goes to */
	char id[QUEUE_SHORT_SIZE];
};

static void
notice_free(struct notice *notice)
{
	free(notice->rcpt);
	free((void *)(uintptr_t)notice->sender.p);
	buf_clear(&notice->text);
	free(notice);
}

/* "550 5.1.1 text": the status in a reason, else the default. */
static struct str
status_of(struct str reason, enum queue_state state)
{
	struct str in = reason;
	struct smtp_status status;

	if (in.len > 4 && is_digit(in.p[0]) && in.p[3] == ' ')
		str_skip(&in, 4);
	reason = in;
	if (state == QUEUE_EXPIRED)
		return str_of("4.4.7"); /* RFC 3463: delivery time expired */
	if (!smtp_status_take(&in, &status))
		return str_of(state == QUEUE_DELIVERED ? "2.0.0" : "5.0.0");
	return str_make(reason.p, reason.len - in.len);
}

/*
 * The original's header, and its body where it is short enough: the prefix
 * and the header by their lengths.
 */
static int
read_original(struct qmgr *q, struct message *message, struct buf *record,
    struct buf *large, struct bounce *bounce, struct err *err)
{
	const struct queue_record *r = &message->record;
	size_t want = r->header_len, prefix = r->prefix.len;
	char path[MESSAGE_LARGE_SIZE];
	struct str bytes;
	int fd, ret;

	bounce->whole = r->body_len <= q->conf.bounce_limit && r->ret != 2 &&
	    bounce->action == BOUNCE_FAILED;
	if (pool_read(message, record, &bytes, err) < 0)
		return -1;
	bytes = str_sub(bytes, message->envelope_len, bytes.len);
	if (!r->is_large) {
		bounce->header = str_sub(bytes, 0, prefix + want);
		bounce->body = str_sub(bytes, prefix + want, bytes.len);
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
	bounce->header = buf_str(large);
	return ret;
}

static void
fill_rcpts(struct bounce_rcpt *out, const struct message *message,
    const uint32_t *rcpt, size_t count, enum queue_state state)
{
	for (size_t i = 0; i < count; i++) {
		const struct queue_recipient *from =
		    message_rcpt(message, rcpt[i]);
		struct str reason = str_of(message_reason(message, rcpt[i]));

		if (state == QUEUE_DELIVERED)
			reason = str_of("250 2.0.0 delivered");
		out[i] = (struct bounce_rcpt){
			.address = from->address,
			.orcpt = from->orcpt,
			.original = from->original,
			.status = status_of(reason, state),
			.diagnostic = reason,
		};
	}
}

/* The notification's text into notice. */
static int
write_text(struct notice *notice, struct message *message, struct err *err)
{
	struct bounce_rcpt *rcpt = xcalloc(notice->count, sizeof(*rcpt));
	size_t told = notice->count;
	struct buf record, large;
	char random[3][17];
	struct bounce bounce = {
		.hostname = notice->q->conf.hostname,
		.action = notice->state == QUEUE_DELIVERED ? BOUNCE_DELIVERED :
							     BOUNCE_FAILED,
		.expired = notice->state == QUEUE_EXPIRED,
		.record = &message->record,
		.id = notice->id,
		.boundary = random[0],
		.message_id = random[1],
		.now = time_real() / TIME_SECOND,
		.rcpt = rcpt,
	};
	int ret;

	if (told > RCPTS_TOLD_MAX)
		told = RCPTS_TOLD_MAX;
	bounce.rcpts = told;
	for (size_t i = 0; i < NELEMS(random); i++)
		hex_encode(random[i], &(uint64_t){ rand_u64() }, 8);
	fill_rcpts(rcpt, message, notice->rcpt, told, notice->state);
	buf_init(&record, 0);
	buf_init(&large, 0);
	ret = read_original(notice->q, message, &record, &large, &bounce, err);
	if (ret == 0) {
		notice->header_len = bounce_write(&notice->text, &bounce);
		notice->utf8 = bounce_is_utf8(&bounce);
	}
	buf_clear(&record);
	buf_clear(&large);
	free(rcpt);
	return ret;
}

static void
on_kept(void *ctx, struct message *message, const struct err *err)
{
	struct notice *notice = ctx;
	char id[QUEUE_SHORT_SIZE];

	(void)err; /* it is kept until the disk takes it */
	if (message != NULL)
		log_info("%s: sender %s notification: %s", notice->id,
		    notice->state == QUEUE_DELIVERED ? "delivery" :
						       "non-delivery",
		    queue_id_short(id, &message->id));
	notice_free(notice);
}

/*
 * The notification enters the queue, and what it speaks of is retired. Both
 * are in one batch where the message is in the ring; a retirement in the
 * spool is written after the ring.
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
		.body_type = 1, /* 8BITMIME */
		.smtputf8 = notice->utf8,
		.protocol = str_of("internal"),
		.hold = str_of(""),
		.held = held,
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
	if (notice->message != NULL) {
		for (size_t i = 0; i < notice->count; i++)
			retire_rcpt(q, notice->message, notice->rcpt[i],
			    notice->state);
		result_job_ended(q, notice->message, false);
	}
	(void)batch_add(q, message, &bytes, true, on_kept, notice);
}

/* Where rewrite knows no way: kept for the operator, unless one exists. */
static void
keep_unrouted(struct notice *notice)
{
	ptrdiff_t at = str_rchr(notice->sender, '@');
	struct queue_recipient rcpt = {
		.address = notice->sender,
		.original = notice->sender,
		.orcpt = str_of(""),
		.transport = str_of("smtp"),
		.sender = str_of(""),
		.nexthop = at < 0 ?
		    str_of("localhost") :
		    str_sub(notice->sender, (size_t)at + 1, notice->sender.len),
	};
	bool exists = dest_transport_exists(rcpt.transport);

	if (!exists)
		log_warn("%s: the notification for its sender cannot be sent "
			 "and is placed on hold",
		    notice->id);
	keep(notice, &rcpt, 1, !exists);
}

static void
on_route(void *ctx, const void *in, const struct err *err)
{
	const struct rewrite_rcpt_answer *answer = in;
	const struct rewrite_target *target;
	struct notice *notice = ctx;
	struct queue_recipient *rcpt;

	if (answer == NULL) {
		log_warn("%s: no notification yet: %s", notice->id, err->text);
		if (notice->message != NULL)
			result_job_ended(notice->q, notice->message, false);
		notice_free(notice);
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
			.original = notice->sender,
			.orcpt = str_of(""),
			.transport = target[i].transport,
			.nexthop = target[i].nexthop,
			.sender = str_of(""),
		};
	keep(notice, rcpt, answer->targets.count, false);
	free(rcpt);
}

static struct notice *
notice_new(struct qmgr *q, struct message *message, const uint32_t *rcpt,
    size_t count, enum queue_state state)
{
	struct notice *notice = xcalloc(1, sizeof(*notice));
	struct str sender = message->record.sender;

	notice->q = q;
	notice->rcpt = xmemdup(rcpt, count * sizeof(*rcpt));
	notice->count = count;
	notice->state = state;
	notice->sender = str_make(xmemdup(sender.p, sender.len), sender.len);
	buf_init(&notice->text, 0);
	(void)queue_id_short(notice->id, &message->id);
	return notice;
}

static void
ask_route(struct notice *notice)
{
	(void)ipc_async_call(notice->q->rewrite, &rewrite_rcpt_msg,
	    &(struct rewrite_rcpt){ notice->sender, str_of("") },
	    &rewrite_rcpt_answer_msg, on_route, notice);
}

/* RFC 3461 section 4.1: failures are told unless something else was asked. */
static bool
wants_failures(const struct queue_recipient *rcpt)
{
	return rcpt->notify == 0 || rcpt->notify & QUEUE_NOTIFY_FAILURE;
}

void
notify_failed(struct qmgr *q, struct message *message, const uint32_t *rcpt,
    size_t count, enum queue_state state)
{
	uint32_t *told = xcalloc(count, sizeof(*told));
	struct notice *notice;
	struct err err;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (wants_failures(message_rcpt(message, rcpt[i])))
			told[n++] = rcpt[i];
		else
			retire_rcpt(q, message, rcpt[i], state);
	}
	if (n == 0) {
		free(told);
		return;
	}
	notice = notice_new(q, message, told, n, state);
	free(told);
	if (write_text(notice, message, &err) < 0) {
		log_error("%s: no notification: %s", notice->id, err.text);
		result_hold(q, message, err.text);
		notice_free(notice);
		return;
	}
	notice->message = message;
	message->jobs++; /* it stays, and rests, until this is decided */
	ask_route(notice);
}

void
notify_sent(struct qmgr *q, struct message *message, uint32_t rcpt)
{
	struct notice *notice =
	    notice_new(q, message, &rcpt, 1, QUEUE_DELIVERED);
	struct err err;

	if (write_text(notice, message, &err) < 0) {
		log_warn("%s: no notification: %s", notice->id, err.text);
		notice_free(notice);
		return;
	}
	ask_route(notice);
}
