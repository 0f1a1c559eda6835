#include "stored/quota.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/num.h"
#include "base/time.h"
#include "ipc/store_msg.h"
#include "store/who.h"
#include "stored/append.h"
#include "stored/target.h"

enum { TOLD_SECONDS = 60 };
enum { MEBIBYTE = 1 << 20, KIBIBYTE = 1 << 10 };

static void
set_limits(struct open_user *user, uint64_t bytes, uint64_t messages)
{
	if (user->row.limit_bytes == bytes &&
	    user->row.limit_messages == messages)
		return;
	user->row.limit_bytes = bytes;
	user->row.limit_messages = messages;
	user->is_dirty = true;
}

static struct str
key_of(const uint32_t *user)
{
	return str_make(user, sizeof(*user));
}

void
quota_set(struct change *change, struct open_user *user, uint64_t bytes,
    uint64_t messages)
{
	const int64_t *told =
	    hash_get(change->engine->told, key_of(&user->row.id));

	if (told == NULL || time_mono() - *told > TOLD_SECONDS * TIME_SECOND)
		set_limits(user, bytes, messages);
}

/* The operator's word, which outlives what others still remember. */
static void
tell_limits(struct change *change, struct open_user *user, uint64_t bytes,
    uint64_t messages)
{
	struct str key = key_of(&user->row.id);
	int64_t *told = hash_get(change->engine->told, key);

	if (told == NULL) {
		told = xmalloc(sizeof(*told));
		(void)hash_put(change->engine->told, key, told);
	}
	*told = time_mono();
	set_limits(user, bytes, messages);
}

static bool
is_full(const struct store_user *user)
{
	return (user->limit_bytes != 0 && user->bytes >= user->limit_bytes) ||
	    (user->limit_messages != 0 &&
		user->messages >= user->limit_messages);
}

static void
note(struct engine *engine, struct str name, const struct store_user *user)
{
	if (is_full(user))
		(void)hash_put(engine->full, name, engine);
	else
		(void)hash_remove(engine->full, name);
}

void
quota_note(struct change *change)
{
	for (struct open_user *user = change->user_list; user != NULL;
	     user = user->next)
		if (user->is_dirty)
			note(change->engine, user->name, &user->row);
}

static int
note_all(struct kv_txn *txn, void *arg, struct err *err)
{
	struct store_user user;
	struct kv_range range;
	struct str key, row;
	int ret;

	/* Names come behind the rows of ids, which begin with a NUL. */
	if (kv_range_open(&range, txn, STORE_TAB_USER, STR("\1"), STR(""),
		err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		if ((ret = store_user_decode(&user, row, err)) < 0)
			break;
		note(arg, key, &user);
	}
	kv_range_close(&range);
	return ret;
}

int
quota_start(struct engine *engine, struct err *err)
{
	return kv_view(engine->kv, note_all, engine, err);
}

void
quota_clear(struct engine *engine)
{
	struct str key;
	void *told;

	for (size_t it = 0; hash_next(engine->told, &it, &key, &told);)
		free(told);
	hash_free(engine->told);
	hash_free(engine->full);
}

static unsigned
percent_of(uint64_t use, uint64_t limit)
{
	if (limit == 0)
		return 0;
	if (use >= limit)
		return 100;
	/* Below the limit, so the division comes first where it must. */
	return use < UINT64_MAX / 100 ? (unsigned)(use * 100 / limit) :
					(unsigned)(use / (limit / 100));
}

unsigned
quota_percent(const struct store_user *user)
{
	unsigned bytes = percent_of(user->bytes, user->limit_bytes);
	unsigned messages = percent_of(user->messages, user->limit_messages);

	return bytes > messages ? bytes : messages;
}

int
quota_levels(struct engine_conf *conf, const char *text, struct err *err)
{
	struct str rest = str_of(text), word;
	uint64_t last = 0, level;
	size_t count = 0;

	while (str_split(&rest, ' ', &word)) {
		word = str_trim(word);
		if (word.len > 0 && word.p[word.len - 1] == ',')
			word.len--;
		if (word.len == 0)
			continue;
		if (!num_parse(word, 100, &level) || level <= last ||
		    count == NELEMS(conf->quota_level))
			return err_set(err, ERR_SYNTAX,
			    "quota_warning: at most %zu rising numbers of "
			    "percent are expected",
			    NELEMS(conf->quota_level));
		conf->quota_level[count++] = (uint8_t)level;
		last = level;
	}
	return 0;
}

/* The highest level that so much has reached; 0: none. */
static unsigned
level_of(const struct engine_conf *conf, unsigned percent)
{
	unsigned level = 0;

	for (size_t i = 0; i < NELEMS(conf->quota_level); i++)
		if (conf->quota_level[i] > 0 && percent >= conf->quota_level[i])
			level = conf->quota_level[i];
	return level;
}

/* "12.3 MiB" of so many bytes. */
static const char *
size_text(struct arena *arena, uint64_t bytes)
{
	if (bytes < 10 * MEBIBYTE)
		return arena_printf(arena, "%" PRIu64 " KiB", bytes / KIBIBYTE);
	return arena_printf(arena, "%" PRIu64 " MiB", bytes / MEBIBYTE);
}

/* RFC 5322 section 3.3, in UTC, whatever the locale. */
static const char *
date_text(struct arena *arena, uint32_t now)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t time = now;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL)
		return "Thu, 1 Jan 1970 00:00:00 +0000";
	return arena_printf(arena, "%.3s, %d %.3s %d %02d:%02d:%02d +0000",
	    days + tm.tm_wday * 3, tm.tm_mday, months + tm.tm_mon * 3,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static struct str
warning(struct change *change, const struct open_user *user, unsigned percent)
{
	struct str domain = store_who_domain(user->name);
	struct arena *arena = change->arena;
	const struct store_user *row = &user->row;
	const char *limits = "";

	if (row->limit_bytes != 0)
		limits = arena_printf(arena, "%s of %s",
		    size_text(arena, row->bytes),
		    size_text(arena, row->limit_bytes));
	if (row->limit_messages != 0)
		limits = arena_printf(arena,
		    "%s%s%" PRIu64 " of %" PRIu64 " messages", limits,
		    limits[0] == '\0' ? "" : " and ", row->messages,
		    row->limit_messages);
	return str_of(arena_printf(arena,
	    "From: Postmaster <postmaster%" STR_F ">\r\n"
	    "To: <%" STR_F ">\r\n"
	    "Subject: Your mailboxes are %u %% full\r\n"
	    "Date: %s\r\n"
	    "Message-ID: <quota.%" PRIu64 ".%u%" STR_F ">\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "\r\n"
	    "Your mailboxes hold %s.\r\n"
	    "\r\n"
	    "When they are full, mail to you is refused. Please delete what "
	    "you need no more,\r\n"
	    "and empty the trash, or ask the postmaster for more room.\r\n",
	    STR_A(domain), STR_A(user->name), percent,
	    date_text(arena, change->now), row->modseq, change->now,
	    STR_A(domain), limits));
}

/* Into the INBOX; who has none (a domain's shared mailboxes) is not told. */
static int
tell(struct change *change, const struct open_user *user, unsigned percent,
    struct err *err)
{
	struct append_row row = { .internal = change->now };
	struct store_name inbox;
	struct open_mbox *mbox;
	struct str body;
	uint64_t modseq;
	uint32_t uid;
	int ret = store_row_name(change->txn, user->row.id, STR("INBOX"),
	    &inbox, err);

	if (ret > 0)
		ret = change_mbox(change, inbox.mailbox, &mbox, err);
	if (ret <= 0)
		return ret;
	body = warning(change, user, percent);
	row.size = (uint32_t)body.len;
	if (change_blob_new(change, body, STR(""), NULL, &row.blob, err) < 0 ||
	    change_modseq(change, mbox, &modseq, err) < 0 ||
	    append_row(change, mbox, modseq, &row, &uid, err) < 0)
		return -1;
	return 0;
}

int
quota_warn(struct change *change, struct err *err)
{
	const struct engine_conf *conf = &change->engine->conf;

	for (struct open_user *user = change->user_list; user != NULL;
	     user = user->next) {
		unsigned percent = quota_percent(&user->row);
		unsigned level = level_of(conf, percent);
		bool rises = level > user->row.warned;

		if (!user->is_dirty || level == user->row.warned)
			continue;
		user->row.warned = (uint16_t)level;
		if (rises && tell(change, user, percent, err) < 0)
			return -1;
	}
	return 0;
}

int
quota_run(struct change *change, struct request *request, struct err *err)
{
	const struct store_quota *in = request->in;
	struct store_quota_state *out;
	struct open_user *user;
	int ret = change_user(change, in->user, &user, err);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return request_refuse(request, ERR_NOENT,
		    "no mailboxes of that user yet");
	if (in->set)
		tell_limits(change, user, in->limit_bytes, in->limit_messages);
	out = request_answer(request, &store_quota_state_msg);
	*out = (struct store_quota_state){ user->row.bytes, user->row.messages,
		user->row.limit_bytes, user->row.limit_messages };
	return 0;
}
