#include "qmgr/admin.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/time.h"
#include "ipc/queue_admin_msg.h"
#include "qmgr/admin_impl.h"
#include "qmgr/pattern.h"

/* Recipients, those that are left first, at most max. */
static void
describe_rcpts(const struct message *message, size_t max,
    struct queue_listing *out)
{
	size_t count = message->record.rcpts.count, n = 0;
	struct queue_listing_rcpt *rcpt;

	if (max > count)
		max = count;
	rcpt = xcalloc(max + 1, sizeof(*rcpt));
	for (int retired = 0; retired < 2; retired++) {
		for (size_t i = 0; i < count && n < max; i++) {
			const struct queue_recipient *from =
			    message_rcpt(message, i);

			if ((from->state != QUEUE_LIVE) != retired)
				continue;
			rcpt[n++] = (struct queue_listing_rcpt){
				.address = from->address,
				.original = from->original,
				.transport = from->transport,
				.nexthop = from->nexthop,
				.state = from->state,
				.reason = str_of(message_reason(message, i)),
			};
		}
	}
	out->rcpts = (struct ipc_list){ rcpt, n };
}

enum { LOOKED_AT_MAX = 20000 }; /* messages, for one page */

struct page {
	struct queue_listing listing[QUEUE_PAGE_MAX];
	char brief[QUEUE_PAGE_MAX][QUEUE_SHORT_SIZE];
	char full[QUEUE_PAGE_MAX][QUEUE_ID_SIZE];
	size_t count;
	struct queue_id last; /* looked at */
};

static void
describe(const struct qmgr *q, const struct message *message, size_t rcpts,
    struct page *page)
{
	const struct queue_record *record = &message->record;
	size_t i = page->count++;
	enum queue_listing_state state = QUEUE_LISTING_ACTIVE;

	if (record->held)
		state = QUEUE_LISTING_HELD;
	else if (schedule_has(&message->due))
		state = QUEUE_LISTING_DEFERRED;
	page->listing[i] = (struct queue_listing){
		.id = str_of(queue_id_short(page->brief[i], &message->id)),
		.full_id = str_of(queue_id_format(page->full[i], &message->id)),
		.state = (uint8_t)state,
		.sender = record->sender,
		.client_addr = record->client_addr,
		.client_name = record->client_name,
		.sasl_user = record->sasl_user,
		.arrival = record->arrival / TIME_SECOND,
		.next_try = state == QUEUE_LISTING_DEFERRED ?
		    message->due.at / TIME_SECOND :
		    0,
		.size = message_size(message),
		.attempts = message->attempts,
		.rcpts_left = (uint32_t)message->live,
		.rcpts_all = (uint32_t)record->rcpts.count,
		.spooled = message->pool == &q->spool,
		.hold = record->held ? record->hold : str_of(""),
	};
	describe_rcpts(message, rcpts, &page->listing[i]);
}

static void
send_page(struct ipc_peer *peer, uint16_t tag, struct page *page, bool more,
    uint64_t total)
{
	char last[QUEUE_SHORT_SIZE];
	struct queue_listed listed = {
		.messages = { page->listing, page->count },
		.more = more,
		.total = total,
		.last = str_of(queue_id_short(last, &page->last)),
	};

	ipc_peer_send(peer, &queue_listed_msg, tag, &listed);
	for (size_t i = 0; i < page->count; i++)
		free(page->listing[i].rcpts.items);
	free(page);
}

static void
on_list(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct queue_list *request = in;
	struct qmgr *q = ipc_peer_ctx(peer);
	struct page *page = xcalloc(1, sizeof(*page));
	struct list *at = admin_place(q, request->after)->next;
	int looked = 0;

	for (; at != &q->by_age && page->count < QUEUE_PAGE_MAX &&
	     looked < LOOKED_AT_MAX;
	     at = at->next, looked++) {
		struct message *message = LIST_ITEM(at, struct message, age);

		page->last = message->id;
		if (!message->dying &&
		    pattern_match(&request->pattern, message))
			describe(q, message, QUEUE_PAGE_RCPTS_MAX, page);
	}
	send_page(peer, tag, page, at != &q->by_age, hash_len(q->live));
}

static void
on_show(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	struct qmgr *q = ipc_peer_ctx(peer);
	struct message *message;
	struct page *page;
	struct err err;

	if (admin_find(q, ((const struct queue_show *)in)->id, &message, &err) <
	    0) {
		ipc_peer_error(peer, tag, &err);
		return;
	}
	page = xcalloc(1, sizeof(*page));
	describe(q, message, QUEUE_SHOWN_RCPTS_MAX, page);
	send_page(peer, tag, page, false, hash_len(q->live));
}

/* Bytes of the file of a large body, from its byte from on. */
static int
read_large(const struct message *message, uint64_t from, struct buf *out,
    struct err *err)
{
	uint64_t left = message->record.body_len;
	char path[MESSAGE_LARGE_SIZE];
	size_t len;
	int fd, ret;

	if (from >= left)
		return 0;
	len =
	    left - from < QUEUE_CAT_MAX ? (size_t)(left - from) : QUEUE_CAT_MAX;
	message_large_path(path, &message->id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	ret = fs_pread_all(fd, buf_reserve(out, len), len, (off_t)from, err);
	out->len = len;
	(void)close(fd);
	return ret;
}

static void
on_cat(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct queue_cat *cat = in;
	struct qmgr *q = ipc_peer_ctx(peer);
	struct message *message;
	struct str bytes = { NULL, 0 };
	struct buf record, large;
	struct err err;
	int ret;

	buf_init(&record, 0);
	buf_init(&large, 0);
	ret = admin_find(q, cat->id, &message, &err);
	if (ret == 0)
		ret = pool_read(message, &record, &bytes, &err);
	if (ret == 0) {
		bytes = str_sub(bytes, message->envelope_len, bytes.len);
		if (cat->from >= bytes.len && message->record.is_large) {
			ret = read_large(message, cat->from - bytes.len, &large,
			    &err);
			bytes = buf_str(&large);
		} else {
			bytes = str_sub(bytes, cat->from,
			    cat->from + QUEUE_CAT_MAX);
		}
	}
	if (ret < 0)
		ipc_peer_error(peer, tag, &err);
	else
		ipc_peer_send(peer, &queue_cat_part_msg, tag,
		    &(struct queue_cat_part){ bytes });
	buf_clear(&record);
	buf_clear(&large);
}

static const struct ipc_handler handlers[] = {
	{ &queue_list_msg, on_list },
	{ &queue_show_msg, on_show },
	{ &queue_cat_msg, on_cat },
	{ &queue_act_msg, admin_act },
	{ NULL, NULL },
};

static const struct ipc_peer_ops ops = { .handlers = handlers };

void
admin_start(struct qmgr *q)
{
	int fd = daemon_fd(q->daemon, "edge:ctl");

	if (fd >= 0)
		q->from_ctl = ipc_listener_new(q->base, fd, "ctl", &ops, q);
}
