#include "imapd/search_judge.h"

#include "base/attr.h"
#include "base/time.h"
#include "imap/date.h"
#include "imapd/objectid.h"
#include "mime/charset.h"
#include "mime/word.h"
#include "store/sent.h"

/* Fields that a digest tells of; list is of mime_envelope, or -1. */
static const struct {
	struct str name;
	int list;
	size_t offset; /* of a string in store_keys */
} envelope_fields[] = {
	{ { "From", 4 }, MIME_FROM, 0 },
	{ { "To", 2 }, MIME_TO, 0 },
	{ { "Cc", 2 }, MIME_CC, 0 },
	{ { "Bcc", 3 }, MIME_BCC, 0 },
	{ { "Sender", 6 }, MIME_SENDER, 0 },
	{ { "Reply-To", 8 }, MIME_REPLY_TO, 0 },
	{ { "Subject", 7 }, -1, offsetof(struct store_keys, subject) },
	{ { "Message-ID", 10 }, -1, offsetof(struct store_keys, message_id) },
	{ { "In-Reply-To", 11 }, -1, offsetof(struct store_keys, in_reply_to) },
	{ { "Date", 4 }, -1, offsetof(struct store_keys, sent) },
};

static enum search_verdict
verdict_of(bool yes)
{
	return yes ? VERDICT_YES : VERDICT_NO;
}

/* As in the field: name, then address, a blank between. */
static bool
has_address(struct search_judge *judge, const struct search_needle *needle,
    struct str list)
{
	struct buf *text = &judge->room.address;
	struct store_addresses walk;
	struct mime_address address;

	store_addresses_begin(&walk, list);
	while (store_addresses_next(&walk, &address)) {
		buf_reset(text);
		(void)mime_word_decode(text, address.name);
		(void)buf_addz(text, " <");
		(void)mime_address_write(text, &address);
		(void)buf_addc(text, '>');
		if (search_utf8(&judge->room, needle, buf_str(text)))
			return true;
	}
	return false;
}

static enum search_verdict
judge_envelope(struct search_judge *judge, const struct searchkey *key,
    size_t field, const struct store_keys *keys)
{
	const struct search_needle *needle = key->compiled;
	const struct str *value;

	if (envelope_fields[field].list >= 0) {
		struct str list = keys->list[envelope_fields[field].list];
		struct store_addresses walk;

		store_addresses_begin(&walk, list);
		if (needle->folded.len == 0)
			return verdict_of(walk.left > 0);
		return verdict_of(has_address(judge, needle, list));
	}
	value = (const struct str *)(const void *)((const char *)keys +
	    envelope_fields[field].offset);
	if (value->p == NULL)
		return VERDICT_NO;
	return verdict_of(search_value(&judge->room, needle, *value));
}

static enum search_verdict
judge_header(struct search_judge *judge, const struct searchkey *key,
    const struct search_subject *subject)
{
	const struct search_needle *needle = key->compiled;

	if (subject->stage < BY_KEYS)
		return VERDICT_UNDECIDED;
	if (subject->keys != NULL && key->envelope >= 0)
		return judge_envelope(judge, key, (size_t)key->envelope,
		    subject->keys);
	if (subject->stage < BY_BYTES)
		return VERDICT_UNDECIDED;
	for (size_t i = 0; i < NELEMS(subject->header); i++)
		if (search_field(&judge->room, needle, subject->header[i],
			key->field))
			return VERDICT_YES;
	return VERDICT_NO;
}

static enum search_verdict
judge_text(struct search_judge *judge, const struct searchkey *key,
    const struct search_subject *subject)
{
	const struct search_needle *needle = key->compiled;

	if (needle->folded.len == 0)
		return VERDICT_YES;
	if (subject->stage < BY_BYTES)
		return VERDICT_UNDECIDED;
	if (key->kind == SEARCHKEY_TEXT)
		for (size_t i = 0; i < NELEMS(subject->header); i++)
			if (search_header(&judge->room, needle,
				subject->header[i]))
				return VERDICT_YES;
	return verdict_of(search_parts(&judge->room, needle, subject->root));
}

static enum search_verdict
judge_day(enum searchkey_kind kind, int32_t day, int32_t want)
{
	switch (kind) {
	case SEARCHKEY_BEFORE:
	case SEARCHKEY_SENTBEFORE:
	case SEARCHKEY_SAVEDBEFORE:
		return verdict_of(day < want);
	case SEARCHKEY_ON:
	case SEARCHKEY_SENTON:
	case SEARCHKEY_SAVEDON:
		return verdict_of(day == want);
	default:
		return verdict_of(day >= want);
	}
}

/* The Date field's day, in the zone it was written in. */
static enum search_verdict
judge_sent(const struct searchkey *key, const struct search_subject *subject)
{
	const struct store_keys *keys = subject->keys;
	uint64_t sent;
	int64_t local;

	sent = subject->row->sent;
	if (sent == STORE_SENT_UNKNOWN && keys == NULL &&
	    subject->stage < BY_BYTES)
		return VERDICT_UNDECIDED;
	if (store_sent_has_date(sent))
		local = store_sent_date(sent) + store_sent_zone(sent) * 60;
	else if (sent == STORE_SENT_UNKNOWN && keys != NULL && keys->has_date)
		local = keys->date + keys->zone * 60;
	else
		return VERDICT_NO;
	return judge_day(key->kind, imap_date_day(local), key->day);
}

static enum search_verdict
judge_view(const struct search_judge *judge, const struct searchkey *key,
    size_t i)
{
	const struct view *view = &judge->selected->view;
	uint64_t bit;

	switch (key->kind) {
	case SEARCHKEY_SEQ:
		return verdict_of(seqset_has(&key->set, (uint32_t)i + 1));
	case SEARCHKEY_UID:
		return verdict_of(seqset_has(&key->set, view->message[i].uid));
	case SEARCHKEY_FLAGS:
		return verdict_of(
		    (view->message[i].state & key->bits) == key->bits);
	default: /* SEARCHKEY_KEYWORD */
		bit = selected_keyword_bit(judge->selected, key->text);
		return verdict_of((view_keywords(view, i) & bit) != 0);
	}
}

static bool
is_id(struct str text, enum objectid_kind kind, uint64_t number)
{
	char id[OBJECTID_SIZE];

	return str_eqz(text, objectid_text(id, kind, number));
}

static enum search_verdict
judge_thread(struct search_judge *judge, const struct searchkey *key,
    const struct search_subject *subject)
{
	static const struct store_keys none = { 0 };
	const struct store_keys *keys = subject->keys;

	if (keys == NULL && subject->stage < BY_BYTES)
		return VERDICT_UNDECIDED;
	if (keys == NULL)
		keys = &none;
	return verdict_of(is_id(key->text, OBJECTID_THREAD,
	    store_thread_id(judge->scratch, keys->references, keys->in_reply_to,
		keys->message_id, subject->row->blob)));
}

/* Keys that the row decides. */
static enum search_verdict
judge_row(const struct search_judge *judge, const struct searchkey *key,
    const struct store_message *row)
{
	switch (key->kind) {
	case SEARCHKEY_LARGER:
		return verdict_of(row->size > key->size);
	case SEARCHKEY_SMALLER:
		return verdict_of(row->size < key->size);
	case SEARCHKEY_OLDER:
		return verdict_of(row->internal <= judge->now - key->size);
	case SEARCHKEY_YOUNGER:
		return verdict_of(row->internal >= judge->now - key->size);
	case SEARCHKEY_MODSEQ:
		return verdict_of(selected_row_modseq(judge->selected,
				      row->modseq) >= key->modseq);
	case SEARCHKEY_EMAILID:
		return verdict_of(is_id(key->text, OBJECTID_EMAIL, row->blob));
	case SEARCHKEY_SAVEDBEFORE:
	case SEARCHKEY_SAVEDON:
	case SEARCHKEY_SAVEDSINCE:
		return judge_day(key->kind, imap_date_day(row->saved),
		    key->day);
	default: /* BEFORE, ON, SINCE */
		return judge_day(key->kind, imap_date_day(row->internal),
		    key->day);
	}
}

static enum search_verdict
judge_one(struct search_judge *judge, const struct searchkey *key,
    const struct search_subject *subject)
{
	switch (key->kind) {
	case SEARCHKEY_SENTBEFORE:
	case SEARCHKEY_SENTON:
	case SEARCHKEY_SENTSINCE:
		return judge_sent(key, subject);
	case SEARCHKEY_HEADER:
		return judge_header(judge, key, subject);
	case SEARCHKEY_THREADID:
		return judge_thread(judge, key, subject);
	case SEARCHKEY_BODY:
	case SEARCHKEY_TEXT:
		return judge_text(judge, key, subject);
	case SEARCHKEY_SEQ:
	case SEARCHKEY_UID:
	case SEARCHKEY_FLAGS:
	case SEARCHKEY_KEYWORD:
		return judge_view(judge, key, subject->index);
	default:
		return judge_row(judge, key, subject->row);
	}
}

/* Depth is bounded by the parser: SEARCHKEY_DEPTH. */
static enum search_verdict
judge_key(struct search_judge *judge, const struct searchkey *key,
    const struct search_subject *subject)
{
	bool or = key->kind == SEARCHKEY_OR;
	enum search_verdict verdict = or ? VERDICT_NO : VERDICT_YES,
			    stop = or ? VERDICT_YES : VERDICT_NO;
	const struct searchkey *child;

	if (key->kind == SEARCHKEY_AND || or) {
		for (child = key->child; child != NULL; child = child->next) {
			enum search_verdict one =
			    judge_key(judge, child, subject);

			if (one == VERDICT_UNDECIDED)
				verdict = VERDICT_UNDECIDED;
			else if (one == stop) {
				verdict = stop;
				break;
			}
		}
	} else {
		verdict = judge_one(judge, key, subject);
	}
	if (key->negate && verdict != VERDICT_UNDECIDED)
		verdict = verdict == VERDICT_YES ? VERDICT_NO : VERDICT_YES;
	return verdict;
}

/* An empty string is in every message; all else has to be read. */
enum search_verdict
search_judge_unread(const struct searchkey *key)
{
	const struct search_needle *needle = key->compiled;

	if ((key->kind == SEARCHKEY_BODY || key->kind == SEARCHKEY_TEXT) &&
	    needle->folded.len == 0)
		return VERDICT_YES;
	return VERDICT_UNDECIDED;
}

/* The row of envelope_fields, or -1. */
static int
find_field(struct str name)
{
	for (size_t i = 0; i < NELEMS(envelope_fields); i++)
		if (str_ieq(name, envelope_fields[i].name))
			return (int)i;
	return -1;
}

/* What of a digest decides key. */
static enum store_keys_upto
keys_needed(const struct searchkey *key)
{
	switch (key->kind) {
	case SEARCHKEY_SENTBEFORE:
	case SEARCHKEY_SENTON:
	case SEARCHKEY_SENTSINCE:
		return STORE_KEYS_DATE;
	case SEARCHKEY_THREADID:
		return STORE_KEYS_ALL;
	case SEARCHKEY_HEADER:
		if (key->envelope < 0)
			return STORE_KEYS_NONE;
		if (envelope_fields[key->envelope].list < 0)
			return STORE_KEYS_IDS;
		return envelope_fields[key->envelope].list == MIME_FROM ?
		    STORE_KEYS_FROM :
		    STORE_KEYS_ALL;
	default:
		return STORE_KEYS_NONE;
	}
}

/* The strings of the program as UTF-8, folded, ready to be looked for. */
static int
compile(struct search_judge *judge, struct searchkey *key, struct arena *arena,
    struct err *err)
{
	struct str charset = judge->program.charset.p != NULL ?
	    judge->program.charset :
	    STR("utf-8");
	enum store_keys_upto upto;
	struct buf utf8;
	int ret = 0;

	for (; key != NULL && ret == 0; key = key->next) {
		ret = compile(judge, key->child, arena, err);
		key->envelope = find_field(key->field);
		upto = keys_needed(key);
		if (upto > judge->upto)
			judge->upto = upto;
		if (ret < 0 || key->text.p == NULL)
			continue;
		buf_init(&utf8, 0);
		(void)mime_charset_to_utf8(&utf8, charset, key->text);
		key->compiled = search_needle_new(arena, buf_str(&utf8));
		buf_clear(&utf8);
		if (key->compiled == NULL)
			ret = err_set(err, ERR_LIMIT, "command too large");
	}
	return ret;
}

int
search_judge_prepare(struct search_judge *judge, struct arena *arena,
    struct err *err)
{
	judge->now = time_real() / TIME_SECOND;
	return compile(judge, judge->program.key, arena, err);
}

enum search_verdict
search_judge(struct search_judge *judge, const struct search_subject *subject)
{
	return judge_key(judge, judge->program.key, subject);
}
