#include "lmtpd/deliver.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"
#include "mime/header.h"
#include "store/digest.h"
#include "store/format.h"

enum { ANSWER_ARENA = 16 << 20 };

static void
settle(struct session *s, struct recipient *rcpt, int code, const char *status,
    const char *text)
{
	char *whole = arena_printf(s->t.arena, "<%" STR_F ">: %s",
	    STR_A(rcpt->address), text);

	rcpt->outcome = (struct outcome){ code, status,
		str_of(whole == NULL ? text : whole) };
}

/* Every address the header's Delivered-To fields name is checked once. */
static void
refuse_loops(struct session *s)
{
	struct str message = buf_str(&s->body);
	struct mime_field field;

	while (mime_header_next(&message, &field)) {
		struct str address = str_trim(field.value);

		if (!mime_field_is(&field, "Delivered-To"))
			continue;
		for (size_t i = 0; i < s->t.rcpt_len; i++) {
			struct recipient *rcpt = &s->t.rcpts[i];

			if (rcpt->outcome.code == 0 &&
			    str_ieq(address, rcpt->address))
				settle(s, rcpt, 554, "5.4.6",
				    "mail forwarding loop");
		}
	}
}

/*
 * Does our own check say that this is spam? Its field stands above the topmost
 * Received; what stands below came with the message.
 */
static bool
is_spam(struct str message)
{
	struct mime_field field;

	while (mime_header_next(&message, &field) &&
	    !mime_field_is(&field, "Received")) {
		if (mime_field_is(&field, "X-Spam-Flag"))
			return str_ieqz(str_trim(field.value), "YES");
	}
	return false;
}

/* The default rule: INBOX is kept free of spam, named mailboxes are not. */
static void
file_spam(struct session *s)
{
	struct str mailbox = str_of(s->conf->spam_mailbox);

	if (mailbox.len == 0 || !is_spam(buf_str(&s->body)))
		return;
	for (size_t i = 0; i < s->t.rcpt_len; i++) {
		struct recipient *rcpt = &s->t.rcpts[i];

		if (rcpt->outcome.code != 0 ||
		    !store_name_is_inbox(rcpt->mailbox))
			continue;
		rcpt->mailbox = mailbox;
		session_count(s, LMTPD_SPAM, 1);
	}
}

/*
 * The request as a whole failed: nothing was delivered, or it is unknown. That
 * is never the recipients' fault, so it is tried again later.
 */
static void
defer_all(struct session *s, struct recipient **pending, size_t len,
    const struct err *err)
{
	bool full = err->cause == ERR_CAUSE_FULL;

	log_warn("warning: %" STR_F ": store: %s",
	    STR_A(s->t.queue_id.len > 0 ? s->t.queue_id : STR("NOQUEUE")),
	    err->text);
	for (size_t i = 0; i < len; i++)
		pending[i]->outcome = full ?
		    (struct outcome){ 452, "4.3.1",
			    STR("[site] Insufficient system storage") } :
		    (struct outcome){ 451, "4.3.0",
			    STR("[site] The store cannot be reached") };
}

/* Why the store refused one recipient. */
static void
settle_refused(struct session *s, struct recipient *rcpt,
    const struct store_append_result *result)
{
	switch ((enum err_kind)result->kind) {
	case ERR_LIMIT:
		if (result->cause != ERR_CAUSE_QUOTA)
			settle(s, rcpt, 554, "5.2.0", "The mailbox is full");
		else if (s->conf->quota_tempfail)
			settle(s, rcpt, 452, "4.2.2", "Over quota");
		else
			settle(s, rcpt, 552, "5.2.2", "Over quota");
		break;
	case ERR_DENIED:
		settle(s, rcpt, 550, "5.7.1", "Not allowed");
		break;
	case ERR_SYNTAX:
		settle(s, rcpt, 554, "5.6.0", "The store cannot keep this");
		break;
	default:
		settle(s, rcpt, 451, "4.2.0", "The mailbox is not there now");
	}
	log_info("%" STR_F ": to=<%" STR_F ">: store: %" STR_F,
	    STR_A(s->t.queue_id.len > 0 ? s->t.queue_id : STR("NOQUEUE")),
	    STR_A(rcpt->address), STR_A(result->text));
}

static void
take_result(struct session *s, struct recipient *rcpt,
    const struct store_append_result *result)
{
	char text[STORE_NAME_MAX + 40];

	if (result->kind == ERR_NOENT && !rcpt->post &&
	    !store_name_is_inbox(rcpt->mailbox)) {
		rcpt->mailbox = STR("INBOX"); /* and once more */
		return;
	}
	if (result->kind != ERR_NONE) {
		settle_refused(s, rcpt, result);
		return;
	}
	session_count(s, result->repeated ? LMTPD_REPEATED : LMTPD_DELIVERED,
	    1);
	(void)snprintf(text, sizeof(text), "saved in %" STR_F " as %u",
	    STR_A(rcpt->mailbox), result->uid);
	settle(s, rcpt, 250, "2.1.5",
	    result->repeated ? "had been saved before" : text);
}

/* Header fields of this recipient alone; the store limits their length. */
static struct str
prefix_for(struct session *s, const struct recipient *rcpt)
{
	return str_of(arena_printf(s->t.arena,
	    "Return-Path: <%" STR_F ">\r\nDelivered-To: %" STR_F "\r\n",
	    STR_A(s->t.sender.address), STR_A(rcpt->address)));
}

/* One request for all of pending; each is settled, or is to be asked again. */
static void
append(struct session *s, struct str digest, struct recipient **pending,
    size_t len)
{
	struct store_target *targets = xcalloc(len, sizeof(*targets));
	struct arena *arena = arena_new(ANSWER_ARENA);
	struct store_append req = {
		.queue = s->t.queue,
		.queue_id = s->t.queue_id,
		.internal = INT64_MIN,
		.targets = { targets, len },
		.digest = digest,
		.body = buf_str(&s->body),
	};
	struct store_appended answer;
	struct err err;

	for (size_t i = 0; i < len; i++)
		targets[i] = (struct store_target){
			.number = pending[i]->number,
			.user = pending[i]->user,
			.name = pending[i]->mailbox,
			.prefix = prefix_for(s, pending[i]),
			.post = pending[i]->post,
			.quota = pending[i]->quota,
			.quota_messages = pending[i]->quota_messages,
		};
	if (s->peers->ops->append(s->peers->ctx, &req, arena, &answer, &err) <
	    0) {
		defer_all(s, pending, len, &err);
	} else {
		const struct store_append_result *result = answer.results.items;

		for (size_t i = 0; i < len; i++)
			take_result(s, pending[i], &result[i]);
	}
	arena_free(arena);
	free(targets);
}

/* Those with no outcome yet. */
static size_t
find_pending(struct session *s, struct recipient **pending)
{
	size_t len = 0;

	for (size_t i = 0; i < s->t.rcpt_len; i++) {
		if (s->t.rcpts[i].outcome.code == 0)
			pending[len++] = &s->t.rcpts[i];
	}
	return len;
}

void
deliver(struct session *s)
{
	struct recipient **pending = xcalloc(s->t.rcpt_len, sizeof(*pending));
	struct mime_limits limits = lmtpd_mime_limits(s->conf);
	int64_t start = time_mono();
	struct buf digest;
	size_t len;

	buf_init(&digest, 0);
	refuse_loops(s);
	file_spam(s);
	if ((len = find_pending(s, pending)) > 0) {
		store_digest_build(&digest, buf_str(&s->body), &limits);
		append(s, buf_str(&digest), pending, len);
	}
	/* Whose plus-detail names no mailbox is left over, now for INBOX. */
	if ((len = find_pending(s, pending)) > 0)
		append(s, buf_str(&digest), pending, len);
	if (s->daemon != NULL)
		daemon_observe(s->daemon, LMTPD_STORE_TIME,
		    time_mono() - start);
	buf_clear(&digest);
	free(pending);
}
