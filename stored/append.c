#include "stored/append.h"

#include <sys/stat.h>

#include "base/fsutil.h"
#include "ipc/store_msg.h"
#include "store/keys.h"
#include "store/rights.h"
#include "store/sent.h"
#include "stored/mailbox.h"
#include "stored/quota.h"
#include "stored/seen.h"
#include "stored/settle.h"
#include "stored/target.h"
#include "stored/upload.h"

/* What the digest says of the Date field, if it stands in the index. */
static int
find_sent(struct change *change, uint64_t blob, uint64_t *sent, struct err *err)
{
	struct store_cold_place place;
	struct store_keys keys;
	struct err ignored;
	struct kv_key key;
	struct str row, digest;
	int ret;

	store_key_blob(&key, blob);
	ret = kv_get(change->txn, STORE_TAB_COLD, kv_key_get(&key), &row, err);
	if (ret > 0 && store_cold_decode(&digest, &place, row, &ignored) == 0 &&
	    digest.p != NULL &&
	    store_keys_decode(&keys, digest, STORE_KEYS_DATE))
		*sent = store_sent_make(keys.has_date, keys.date, keys.zone);
	return ret < 0 ? -1 : 0;
}

int
append_put(struct change *change, const struct open_mbox *mbox, uint64_t modseq,
    const struct append_row *row, uint32_t uid, struct err *err)
{
	struct store_hot hot = { .blob = row->blob,
		.modseq = modseq,
		.keywords = row->keywords,
		.sent = row->sent,
		.internal = row->internal,
		.saved = change->now,
		.size = row->size,
		.flags = row->flags,
		.prefix = row->prefix };
	struct kv_key key;

	if (hot.sent == STORE_SENT_UNKNOWN &&
	    find_sent(change, row->blob, &hot.sent, err) < 0)
		return -1;
	store_key_place(&key, row->blob, mbox->id, uid);
	if (change_put_hot(change, mbox->id, uid, &hot, err) < 0 ||
	    change_put_mod(change, mbox->id, modseq, uid, STORE_MOD_CHANGED,
		row->blob, err) < 0 ||
	    change_put(change, STORE_TAB_PLACE, &key, STR(""), err) < 0)
		return -1;
	return change_blob_ref(change, row->blob, 1, err);
}

int
append_row(struct change *change, struct open_mbox *mbox, uint64_t modseq,
    const struct append_row *row, uint32_t *uid, struct err *err)
{
	if (mbox->row.uidnext >= mbox->limit)
		return 0;
	*uid = mbox->row.uidnext++;
	mbox->row.unseen += !(row->flags & STORE_FLAG_SEEN);
	mbox->row.deleted += (row->flags & STORE_FLAG_DELETED) != 0;
	if (change_use(change, mbox, row->size, 1, err) < 0 ||
	    append_put(change, mbox, modseq, row, *uid, err) < 0)
		return -1;
	return 1;
}

int
append_refuse_full(struct request *request, const struct open_mbox *mbox)
{
	if (mbox->limit == UINT32_MAX)
		return request_refuse(request, ERR_LIMIT,
		    "mailbox has no UIDs left");
	return request_refuse(request, ERR_TEMP,
	    "mailbox waits for the end of a COPY");
}

/* A target on its way. */
struct step {
	const struct store_target *target;
	struct store_append_result *result;
	struct open_mbox *mbox; /* NULL: refused, or delivered before */
	struct open_seen *seen; /* NULL: \Seen is for the row */
	uint16_t flags;
	uint64_t keywords;
};

static void
refuse(struct step *step, struct request *request)
{
	step->result->kind = (uint8_t)request->err.kind;
	step->result->cause = (uint8_t)request->err.cause;
	step->result->text =
	    arena_str(request->arena, str_of(request->err.text));
	request->err = (struct err){ 0 };
	step->mbox = NULL;
}

int
append_keywords(struct change *change, struct request *request,
    struct open_mbox *mbox, const struct ipc_list *keywords, uint64_t *bits)
{
	const struct store_word *word = keywords->items;

	for (size_t i = 0; i < keywords->count; i++) {
		uint64_t bit = 0;

		if (store_keyword_is_valid(word[i].word))
			bit = change_keyword(change, mbox, word[i].word);
		if (bit == 0) {
			request_refuse(request, ERR_LIMIT,
			    "no room for another keyword");
			return 0;
		}
		*bits |= bit;
	}
	return 1;
}

/* A delivery brings what the directory says about the user's quota. */
static void
take_quota(struct change *change, const struct request *request,
    struct open_user *user, const struct store_target *target)
{
	const struct store_append *in = request->in;

	/* The default of a domain is for people, not for what it shares. */
	if (in->queue != 0 && request->is_trusted &&
	    target->quota != UINT64_MAX && !store_who_is_shared(user->name))
		quota_set(change, user, target->quota, target->quota_messages);
}

/*
 * Mail that was sent to the mailbox itself needs right p of anyone, for who
 * sent it is only what the envelope says. 1, 0 refused.
 */
static int
may_post(struct change *change, struct request *request,
    const struct target *found, struct err *err)
{
	struct store_who anyone;

	if (store_who_anyone(&anyone, change->arena, found->owner->name, err) <
	    0)
		return -1;
	if (store_rights(&found->mbox->row, &anyone) & STORE_RIGHT_POST)
		return 1;
	request_refuse(request, ERR_DENIED, "nobody may post here");
	return 0;
}

/* 1 and *found set; 0 refused; -1. */
static int
find_target(struct change *change, struct request *request,
    const struct store_target *target, struct target *found, struct err *err)
{
	int ret = target_find(change, request, target->user, target->name,
	    STORE_RIGHT_INSERT, found, err);

	if (ret != 0 || !target->make || request->err.kind != ERR_NOENT)
		return ret;
	request->err = (struct err){ 0 };
	ret = target_place(change, request, target->user, target->name, found,
	    err);
	if (ret > 0)
		ret = mailbox_make(change, request, found, STORE_USE_NONE,
		    STORE_TYPE_MAIL, &found->mbox, err);
	if (ret > 0)
		ret = mailbox_subscribe(change, found->owner, found->name, true,
		    err);
	return ret;
}

/*
 * RFC 4314 section 4: flags that whoever asks may not set are left out, and
 * no reason to refuse the message. 1, 0 refused, -1.
 */
static int
find_flags(struct change *change, struct request *request, struct step *step,
    struct err *err)
{
	uint32_t rights = request_rights(request, &step->mbox->row);

	step->flags = step->target->flags & store_rights_flags(rights);
	if (seen_open(change, request, step->mbox, &step->seen, err) < 0)
		return -1;
	if (!(rights & STORE_RIGHT_WRITE))
		return 1;
	return append_keywords(change, request, step->mbox,
	    &step->target->keywords, &step->keywords);
}

/* 1 and step->mbox set; 0 refused or nothing to do; -1. */
static int
find_mbox(struct change *change, struct request *request, struct step *step,
    uint64_t size, struct err *err)
{
	const struct store_target *target = step->target;
	struct target found;
	int ret;

	if (target->prefix.len > STORE_PREFIX_MAX ||
	    target->flags & ~STORE_FLAGS_ALL) {
		request_refuse(request, ERR_SYNTAX, "not flags, or prefix");
		return 0;
	}
	ret = find_target(change, request, target, &found, err);
	if (ret > 0 && target->post)
		ret = may_post(change, request, &found, err);
	if (ret <= 0)
		return ret;
	take_quota(change, request, found.owner, target);
	if (!target_has_room(request, found.owner, size, 1))
		return 0;
	step->mbox = found.mbox;
	return find_flags(change, request, step, err);
}

/* 1 it was delivered before, and the result says so; 0; -1. */
static int
was_applied(struct change *change, const struct store_append *in,
    struct step *step, struct err *err)
{
	int ret = 0;

	if (in->queue != 0)
		ret = settle_is_applied(change, in->queue, in->queue_id,
		    step->target->number, err);
	step->result->repeated = ret > 0;
	return ret;
}

static int
prepare(struct change *change, struct request *request, struct step *step,
    uint64_t size, struct err *err)
{
	int ret = was_applied(change, request->in, step, err);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = find_mbox(change, request, step, size + step->target->prefix.len,
	    err);
	if (ret == 0)
		refuse(step, request);
	return ret < 0 ? -1 : 0;
}

/* As recent_run, for who has the mailbox selected and is told of it first. */
static void
claim(const struct request *request, struct step *step)
{
	struct store_mbox *row = &step->mbox->row;

	if (!(request_rights(request, row) & STORE_RIGHT_READ))
		return;
	step->result->recent = row->recent;
	row->recent = row->uidnext;
}

static int
place(struct change *change, struct request *request, struct step *step,
    uint64_t blob, uint32_t size, struct err *err)
{
	const struct store_append *in = request->in;
	struct append_row row = { .blob = blob,
		.size = size + (uint32_t)step->target->prefix.len,
		.flags = step->flags,
		.keywords = step->keywords,
		.internal = in->internal == INT64_MIN ? (int64_t)change->now :
							in->internal,
		.prefix = step->target->prefix };
	uint64_t modseq;
	uint32_t uid;
	int ret;

	if (step->seen != NULL)
		row.flags &= (uint16_t)~STORE_FLAG_SEEN;
	/* A number that one request has twice is one recipient, too. */
	if (was_applied(change, in, step, err) != 0)
		return step->result->repeated ? 0 : -1;
	if (change_modseq(change, step->mbox, &modseq, err) < 0)
		return -1;
	ret = append_row(change, step->mbox, modseq, &row, &uid, err);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		(void)append_refuse_full(request, step->mbox);
		refuse(step, request);
		return 0;
	}
	(void)seen_take(step->seen, uid, step->flags, 0);
	step->result->mailbox = step->mbox->id;
	step->result->uidvalidity = step->mbox->row.uidvalidity;
	step->result->uid = uid;
	if (in->claims)
		claim(request, step);
	if (in->queue == 0)
		return 0;
	return settle_apply(change, in->queue, in->queue_id,
	    step->target->number, err);
}

/*
 * The body: from the frame, or read from the file the client wrote. 1, 0
 * refused, -1.
 */
static int
get_body(struct change *change, struct request *request, struct str *body,
    struct err *err)
{
	const struct store_append *in = request->in;
	struct stat st;
	char *bytes;

	(void)change;
	*body = in->body;
	if (in->large == 0)
		return 1;
	if (request->progress == NULL) {
		if (request->fd < 0 || fstat(request->fd, &st) < 0 ||
		    (uint64_t)st.st_size != in->large_len ||
		    in->large_len == 0 || in->large_len > INT32_MAX) {
			request_refuse(request, ERR_SYNTAX,
			    "large body is not as announced");
			return 0;
		}
		bytes = arena_alloc(request->arena, in->large_len);
		if (bytes == NULL) {
			request_refuse(request, ERR_LIMIT,
			    "message is too large");
			return 0;
		}
		if (fs_pread_all(request->fd, bytes, in->large_len, 0, err) <
		    0) {
			request_refuse(request, ERR_TEMP, "%s", err->text);
			return 0;
		}
		request->progress = bytes;
	}
	*body = str_make(request->progress, in->large_len);
	return 1;
}

int
append_blob(struct change *change, struct request *request, struct str body,
    uint64_t *blob, struct err *err)
{
	const struct store_append *in = request->in;
	const char *name = NULL;

	/* Only what came in a file of its own can stay in one. */
	if (in->large != 0 &&
	    (body.len > change->engine->conf.large_size ||
		body.len > seglog_record_max(change->engine->log) / 2))
		name = request->large_name;
	return change_blob_new(change, body, in->digest, name, blob, err);
}

int
append_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_append *in = request->in;
	const struct store_target *target = in->targets.items;
	struct store_appended *answer =
	    request_answer(request, &store_appended_msg);
	size_t count = in->targets.count, wanted = 0;
	struct store_append_result *result;
	struct step *step;
	struct str body;
	uint64_t blob = 0;
	int ret = get_body(change, request, &body, err);

	if (ret <= 0)
		return ret;
	if (in->hold && count == 0)
		return upload_hold(change, request, body, &answer->blob, err);
	step = arena_calloc(request->arena, count, sizeof(*step));
	result = arena_calloc(request->arena, count, sizeof(*result));
	if (step == NULL || result == NULL)
		return request_refuse(request, ERR_LIMIT, "too many targets");
	answer->results = (struct ipc_list){ result, count };
	for (size_t i = 0; i < count; i++) {
		step[i].target = &target[i];
		step[i].result = &result[i];
		if (prepare(change, request, &step[i], body.len, err) < 0)
			return -1;
		wanted += step[i].mbox != NULL;
	}
	if (wanted == 0)
		return 0;
	/* The reference held meanwhile takes along what nobody wanted. */
	if (append_blob(change, request, body, &blob, err) < 0 ||
	    change_blob_ref(change, blob, 1, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (step[i].mbox != NULL &&
		    place(change, request, &step[i], blob, (uint32_t)body.len,
			err) < 0)
			return -1;
	return change_blob_ref(change, blob, -1, err);
}
