/*
 * undelete - the verbs for mail that was expunged, and mailboxes that were
 * deleted, and are still kept.
 */
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "base/time.h"
#include "conf/value.h"
#include "mime/word.h"
#include "store/digest.h"
#include "verb/families.h"
#include "verb/store_edge.h"

enum { TIMEOUT_MS = 600 * 1000, TEXT_MAX = 200 };

static void
print_sender(struct print *p, const struct store_digest *digest)
{
	const struct mime_address *from =
	    digest->envelope.list[MIME_FROM].first;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (from != NULL)
		(void)mime_address_write(&text, from);
	print_str(p, "from", buf_str(&text));
	buf_clear(&text);
}

static void
print_grave(struct print *p, const struct store_listing *mailbox,
    const struct store_grave *grave)
{
	static const struct str none = { NULL, 0 };
	struct arena *arena = arena_new(1 << 20);
	struct store_digest digest;
	struct buf subject;
	struct err err;

	if (grave->digest.len == 0 ||
	    store_digest_decode(&digest, arena, grave->digest, none, &err) < 0)
		digest = (struct store_digest){ 0 };
	buf_init(&subject, TEXT_MAX);
	(void)mime_word_decode(&subject, digest.envelope.subject);
	print_open_record(p, NULL);
	print_str(p, "mailbox", mailbox->name);
	print_int(p, "uid", grave->uid);
	print_time(p, "expunged", grave->when);
	print_time(p, "date", grave->internal);
	print_int(p, "size", grave->size);
	print_sender(p, &digest);
	print_str(p, "subject", buf_str(&subject));
	print_close(p);
	buf_clear(&subject);
	arena_free(arena);
}

static int
list_mailbox(struct store_edge *edge, struct str user,
    const struct store_listing *mailbox, void *ctx, struct err *err)
{
	struct store_graves req = { .user = user,
		.name = mailbox->name,
		.deleted = mailbox->when != 0 ? mailbox->mailbox : 0 };
	struct store_graves_are answer = { .more = true };
	struct arena *arena = arena_new(0);
	const struct store_grave *grave;
	struct print *print = ctx;
	int ret = 0;

	while (ret == 0 && answer.more) {
		arena_reset(arena);
		ret = store_client_graves(edge->client, &req, arena, &answer,
		    err);
		if (ret < 0 || answer.graves.count == 0)
			break;
		grave = answer.graves.items;
		for (size_t i = 0; i < answer.graves.count; i++)
			print_grave(print, mailbox, &grave[i]);
		req.modseq = grave[answer.graves.count - 1].modseq;
		req.uid = grave[answer.graves.count - 1].uid;
	}
	arena_free(arena);
	return ret;
}

/* fn for the deleted mailboxes, or (not 0) the one of that number. */
static int
each_deleted(struct store_edge *edge, struct str user, uint32_t number,
    store_edge_fn *fn, void *ctx, struct err *err)
{
	struct store_listed listed = { .more = true };
	uint32_t above = number > 0 ? number - 1 : 0;
	const struct store_listing *row;
	bool found = false;
	int ret = 0;

	while (ret == 0 && listed.more) {
		ret = store_client_list_deleted(edge->client, user, above,
		    edge->arena, &listed, err);
		if (ret < 0 || listed.mailboxes.count == 0)
			break;
		row = listed.mailboxes.items;
		for (size_t i = 0; ret == 0 && i < listed.mailboxes.count;
		     i++) {
			if (number != 0 && row[i].mailbox != number)
				continue;
			found = true;
			ret = fn(edge, user, &row[i], ctx, err);
		}
		above = row[listed.mailboxes.count - 1].mailbox;
		if (number != 0)
			break;
	}
	if (ret == 0 && number != 0 && !found)
		return err_set(err, ERR_NOENT, "no deleted mailbox %u", number);
	return ret;
}

static int
print_deleted(struct store_edge *edge, struct str user,
    const struct store_listing *mailbox, void *ctx, struct err *err)
{
	struct print *p = ctx;

	(void)edge;
	(void)user;
	(void)err;
	print_open_record(p, NULL);
	print_int(p, "number", mailbox->mailbox);
	print_str(p, "name", mailbox->name);
	print_time(p, "deleted", mailbox->when);
	print_int(p, "messages", mailbox->exists);
	print_int(p, "bytes", (int64_t)mailbox->bytes);
	print_close(p);
	return 0;
}

static int
list_deleted(struct verb_call *call, struct err *err)
{
	struct store_edge edge;
	int ret;

	if (store_edge_open(&edge, call, TIMEOUT_MS, err) < 0)
		return -1;
	print_open_list(call->print, "mailboxes");
	ret = each_deleted(&edge, store_edge_user(&edge, call->args[0]), 0,
	    print_deleted, call->print, err);
	print_close(call->print);
	store_edge_close(&edge);
	return ret;
}

/* --deleted NUMBER; 0 where it was not given. */
static int
parse_deleted(struct verb_call *call, uint32_t *out, struct err *err)
{
	const char *text = verb_option(call, "--deleted");
	uint64_t number = 0;

	if (text != NULL &&
	    (!num_parse(str_of(text), UINT32_MAX, &number) || number == 0))
		return verb_usage(call, err,
		    "--deleted %s: not a number of mailbox deleted", text);
	*out = (uint32_t)number;
	return 0;
}

static int
list(struct verb_call *call, struct err *err)
{
	struct store_edge edge;
	uint32_t number;
	struct str user;
	int ret;

	if (parse_deleted(call, &number, err) < 0)
		return -1;
	if (number != 0 && call->args_len > 1)
		return verb_usage(call, err, "MAILBOX or --deleted, not both");
	if (store_edge_open(&edge, call, TIMEOUT_MS, err) < 0)
		return -1;
	user = store_edge_user(&edge, call->args[0]);
	print_open_list(call->print, "messages");
	ret = number != 0 ?
	    each_deleted(&edge, user, number, list_mailbox, call->print, err) :
	    store_edge_each(&edge, user,
		call->args_len > 1 ? call->args[1] : NULL, list_mailbox,
		call->print, err);
	print_close(call->print);
	store_edge_close(&edge);
	return ret;
}

/* "2026-11-22", with "10:30" or "T10:30:00" behind, local; or "2h": ago. */
static int
parse_since(struct verb_call *call, const char *text, int64_t *out,
    struct err *err)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M",
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S" };
	int seconds;

	for (size_t i = 0; i < NELEMS(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);

		if (end == NULL || *end != '\0')
			continue;
		*out = (int64_t)mktime(&tm);
		return 0;
	}
	if (value_time(str_of(text), 0, 0, &seconds, err) < 0)
		return verb_usage(call, err,
		    "--since %s: neither a time (2026-11-22 10:30) nor how "
		    "long ago (2h)",
		    text);
	*out = time_real() / TIME_SECOND - seconds;
	return 0;
}

static bool
take_uid(struct str *in, uint32_t *out)
{
	uint64_t n = 0;
	size_t len = 0;

	while (len < in->len && is_digit(in->p[len]) && n <= UINT32_MAX)
		n = n * 10 + (uint64_t)(in->p[len++] - '0');
	str_skip(in, len);
	*out = (uint32_t)n;
	return len > 0 && n > 0 && n <= UINT32_MAX;
}

/* "1,4:7", rising. */
static bool
parse_uids(const char *text, struct store_uids *uids)
{
	struct str in = str_of(text);
	uint32_t first, last;

	do {
		if (!take_uid(&in, &first))
			return false;
		last = first;
		if (str_take(&in, ':') && !take_uid(&in, &last))
			return false;
		if (last < first || first <= store_uids_last(uids))
			return false;
		store_uids_append(uids, first, last);
	} while (str_take(&in, ','));
	return in.len == 0;
}

static int
undelete_from(struct verb_call *call, struct store_undelete *req,
    struct err *err)
{
	struct store_edge edge;
	uint32_t count = 0;
	int ret;

	if (store_edge_open(&edge, call, TIMEOUT_MS, err) < 0)
		return -1;
	req->user = store_edge_user(&edge, call->args[0]);
	req->name = str_of(call->args[1]);
	ret = store_client_undelete(edge.client, req, &count, err);
	if (ret == 0)
		print_int(call->print, "restored", count);
	store_edge_close(&edge);
	return ret;
}

static int
undelete(struct verb_call *call, struct err *err)
{
	const char *since = verb_option(call, "--since");
	struct store_undelete req = { .since = INT64_MIN, .uids = STR("") };
	struct store_uids uids = { 0 };
	struct buf bytes;
	int ret = 0;

	buf_init(&bytes, 0);
	if (since != NULL && parse_since(call, since, &req.since, err) < 0)
		ret = -1;
	if (ret == 0 && parse_deleted(call, &req.deleted, err) < 0)
		ret = -1;
	if (ret == 0 && call->args_len > 2 && !parse_uids(call->args[2], &uids))
		ret = verb_usage(call, err, "%s: not UIDs like 1,4:7",
		    call->args[2]);
	(void)store_uids_encode(&bytes, &uids);
	req.uids = buf_str(&bytes);
	if (ret == 0)
		ret = undelete_from(call, &req, err);
	store_uids_clear(&uids);
	buf_clear(&bytes);
	return ret;
}

const struct verb undelete_verbs[] = {
	{ VERB_OPERATOR, "mailbox deleted", "USER", "",
	    "list deleted mailboxes that are still kept", .run = list_deleted },
	{ VERB_OPERATOR, "mailbox expunged", "USER [MAILBOX]",
	    "--deleted NUMBER", "list expunged messages that are still kept",
	    .run = list },
	{ VERB_OPERATOR, "mailbox undelete", "USER MAILBOX [UIDS]",
	    "--since TIME --deleted NUMBER",
	    "have expunged messages, or a deleted mailbox, back",
	    .run = undelete },
	{ .who = VERB_END },
};
