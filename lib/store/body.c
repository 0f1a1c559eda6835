/*
 * body - a message's bytes and its digest, found by the index and read from
 * the packs: the part of store/message.h that needs stored.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "kv/cursor.h"
#include "store/access.h"
#include "store/keys.h"
#include "store/pack.h"
#include "store/rights.h"
#include "store/row.h"

enum {
	MAP_FROM = 256 << 10, /* smaller ones are read */
	NEAR = 16,            /* rows passed over rather than searched */
	CACHE_LINE = 64,
	PAGE = 4096, /* of the index: only what is read ahead depends on it */
};

/* A record by its place; offset is meaningless for a file of its own. */
struct place {
	uint32_t pack;
	uint64_t offset;
	struct store_record want;
};

/* Bytes from..from+len of fd: read, or mapped when there are many. */
static int
load(struct store_body *body, int fd, uint64_t from, size_t len,
    struct str *out, struct err *err)
{
	uint64_t page = from & ~(uint64_t)4095;
	struct stat st;

	if (len < MAP_FROM) {
		body->memory = xmalloc(len);
		*out = str_make(body->memory, len);
		return fs_pread_all(fd, body->memory, len, (off_t)from, err);
	}
	/* Packs and large files never shrink, so this length will stay. */
	if (fstat(fd, &st) < 0)
		return err_sys(err, "look at a pack");
	if (from > (uint64_t)st.st_size || len > (uint64_t)st.st_size - from)
		return err_set(err, ERR_CORRUPT, "pack is too short");
	body->map_len = len + (size_t)(from - page);
	body->map =
	    mmap(NULL, body->map_len, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (body->map == MAP_FAILED) {
		body->map = NULL;
		return err_sys(err, "map a message");
	}
	*out = str_make((char *)body->map + (from - page), len);
	return 0;
}

static void
unload(struct store_body *body)
{
	free(body->memory);
	if (body->map != NULL)
		(void)munmap(body->map, body->map_len);
	body->memory = NULL;
	body->map = NULL;
}

static int
read_record(struct store_client *client, const struct place *place, bool fresh,
    struct store_body *body, struct str *out, struct err *err)
{
	struct str bytes;
	size_t len = place->want.length;
	int fd;

	if (store_client_pack(client, place->pack, place->want.blob, fresh, &fd,
		err) < 0)
		return -1;
	if (place->pack == 0) {
		if (len == 0 || load(body, fd, 0, len, out, err) < 0)
			return -1;
		if (!store_guid_check(place->want.guid, *out))
			return err_set(err, ERR_CORRUPT, "message is damaged");
		return 0;
	}
	if (load(body, fd, place->offset, len + STORE_RECORD_HEAD, &bytes,
		err) < 0)
		return -1;
	return store_record_check(&place->want, bytes, out, err);
}

struct find {
	const struct store_who *who;
	uint32_t mailbox, uid;
	struct place place;
	char prefix[STORE_PREFIX_MAX];
	size_t prefix_len;
};

static int
find(struct kv_txn *txn, void *arg, struct err *err)
{
	struct find *f = arg;
	struct store_access access;
	struct store_hot hot;
	struct store_blob blob;
	int ret = store_access_open(&access, txn, f->who, f->mailbox,
	    STORE_RIGHT_READ, err);

	if (ret > 0)
		ret = f->uid >= access.mbox.uidnext ?
		    0 :
		    store_row_hot(txn, f->mailbox, f->uid, &hot, err);
	if (ret == 0)
		return err_set(err, ERR_NOENT, "no such message");
	if (ret < 0)
		return -1;
	f->prefix_len = hot.prefix.len;
	if (hot.prefix.len > sizeof(f->prefix))
		return err_set(err, ERR_CORRUPT, "prefix is too long");
	memcpy(f->prefix, hot.prefix.p, hot.prefix.len);
	ret = store_row_blob(txn, hot.blob, &blob, err);
	if (ret == 0)
		return err_set(err, ERR_CORRUPT, "message has no blob");
	if (ret < 0)
		return -1;
	f->place = (struct place){ blob.pack, blob.offset,
		{ STORE_RECORD_MESSAGE, blob.length, hot.blob, { 0 } } };
	memcpy(f->place.want.guid, blob.guid, STORE_GUID_SIZE);
	return 0;
}

/*
 * A pack that compaction took away between the look at the index and the
 * reading is not there, or our descriptor is an old one: the second try
 * looks again and asks for a fresh descriptor.
 */
int
store_body_open(struct store_reader *reader, struct store_client *client,
    uint32_t mailbox, uint32_t uid, struct store_body *out, struct err *err)
{
	struct find f = { .who = store_reader_who(reader),
		.mailbox = mailbox,
		.uid = uid };

	*out = (struct store_body){ 0 };
	for (int try = 0; try < 2; try++) {
		if (store_reader_view(reader, find, &f, err) < 0)
			return -1;
		if (read_record(client, &f.place, try > 0, out, &out->body,
			err) == 0) {
			out->prefix_memory = xmemdup(f.prefix, f.prefix_len);
			out->prefix =
			    str_make(out->prefix_memory, f.prefix_len);
			return 0;
		}
		unload(out);
		if (err->kind == ERR_TEMP)
			break;
	}
	*out = (struct store_body){ 0 };
	if (err->kind == ERR_NOENT) /* the pack, not the message */
		err->kind = ERR_CORRUPT;
	return -1;
}

int
store_body_browsed(struct store_client *client,
    const struct store_browsed_message *message, struct store_body *out,
    struct err *err)
{
	struct place place = { message->pack, message->offset,
		{ STORE_RECORD_MESSAGE, message->length, message->blob,
		    { 0 } } };

	*out = (struct store_body){ 0 };
	if (message->guid.len != STORE_GUID_SIZE)
		return err_set(err, ERR_CORRUPT, "guid of %zu bytes",
		    message->guid.len);
	memcpy(place.want.guid, message->guid.p, STORE_GUID_SIZE);
	if (read_record(client, &place, false, out, &out->body, err) < 0) {
		store_body_close(out);
		return -1;
	}
	out->prefix_memory = xmemdup(message->prefix.p, message->prefix.len);
	out->prefix = str_make(out->prefix_memory, message->prefix.len);
	return 0;
}

void
store_body_close(struct store_body *body)
{
	unload(body);
	free(body->prefix_memory);
	*body = (struct store_body){ 0 };
}

void
store_body_part(const struct store_body *body, uint64_t from, uint64_t len,
    struct str piece[2])
{
	uint64_t all = (uint64_t)body->prefix.len + body->body.len;

	if (from > all)
		from = all;
	if (len > all - from)
		len = all - from;
	piece[0] = str_sub(body->prefix, from, from + len);
	from = from > body->prefix.len ? from - body->prefix.len : 0;
	piece[1] = str_sub(body->body, from, from + len - piece[0].len);
}

struct digests {
	const uint64_t *blob;
	size_t count;
	struct arena *arena;
	struct str *row; /* p NULL: none */
};

static int
copy_rows(struct kv_txn *txn, void *arg, struct err *err)
{
	struct digests *d = arg;
	struct kv_key key;
	struct str row;

	for (size_t i = 0; i < d->count; i++) {
		int ret;

		store_key_blob(&key, d->blob[i]);
		ret = kv_get(txn, STORE_TAB_COLD, kv_key_get(&key), &row, err);
		if (ret < 0)
			return -1;
		d->row[i] = (struct str){ NULL, 0 };
		if (ret == 0)
			continue;
		d->row[i] = arena_str(d->arena, row);
		if (d->row[i].p == NULL)
			return err_set(err, ERR_LIMIT, "digests: no room");
	}
	return 0;
}

static int
read_long(struct store_client *client, uint64_t blob,
    const struct store_cold_place *cold, struct arena *arena,
    struct str *digest, struct err *err)
{
	struct place place = { cold->pack, cold->offset,
		{ STORE_RECORD_DIGEST, cold->length, blob, { 0 } } };
	struct store_body body = { 0 };
	int ret;

	memcpy(place.want.guid, cold->guid, STORE_GUID_SIZE);
	ret = read_record(client, &place, false, &body, digest, err);
	if (ret == 0) {
		*digest = arena_str(arena, *digest);
		if (digest->p == NULL)
			ret = err_set(err, ERR_LIMIT, "digests: no room");
	}
	unload(&body);
	return ret;
}

/* A digest that cannot be had is not there: the message can be parsed. */
static int
decode(struct store_client *client, uint64_t blob, struct str row,
    struct arena *arena, struct store_digest *out, struct err *err)
{
	static const struct str none = { NULL, 0 };
	struct store_cold_place place;
	struct str bytes;

	*out = (struct store_digest){ 0 };
	if (row.p == NULL)
		return 0;
	if (store_cold_decode(&bytes, &place, row, err) == 0 &&
	    (bytes.p != NULL ||
		read_long(client, blob, &place, arena, &bytes, err) == 0) &&
	    store_digest_decode(out, arena, bytes, none, err) == 0)
		return 0;
	*out = (struct store_digest){ 0 };
	return err->kind == ERR_LIMIT ? -1 : 0;
}

/* The digests of a piece, where they lie. */
struct keys_walk {
	struct store_client *client;
	const uint64_t *blob;
	size_t count;
	enum store_keys_upto upto;
	struct arena *arena;
	store_keys_fn *fn;
	void *ctx;
	struct str *row; /* p NULL: none; of the transaction */
	/* those to be read from packs; index into blob */
	struct store_cold_place *place;
	size_t *at, places;
};

static void
tell_keys(const struct keys_walk *walk, size_t i, struct str digest)
{
	struct store_keys keys;

	walk->fn(walk->ctx, i,
	    digest.p != NULL && store_keys_decode(&keys, digest, walk->upto) ?
		&keys :
		NULL);
}

/*
 * What decoding will touch should be on its way when it begins: all of the
 * page, for what follows mostly lies on the same one. Returns which that is.
 */
static uintptr_t
prefetch(struct str row, uintptr_t before)
{
	uintptr_t page = (uintptr_t)row.p / PAGE;

	if (page != before)
		for (size_t at = 0; at < PAGE; at += CACHE_LINE)
			__builtin_prefetch((const char *)(page * PAGE) + at);
	return page;
}

/* Those from i on that would stand between two rows are not there. */
static size_t
skip_absent(struct keys_walk *walk, size_t i, uint64_t before, uint64_t next)
{
	for (;
	     i < walk->count && walk->blob[i] > before && walk->blob[i] < next;
	     i++)
		walk->row[i] = (struct str){ NULL, 0 };
	return i;
}

/*
 * Rows from blob[i] on while they lie close together, which is how mail
 * comes: going from row to row costs a third of a search each. Returns the
 * first i that is not done (there is always one done), or -1.
 */
static ptrdiff_t
walk_near(struct kv_txn *txn, struct keys_walk *walk, size_t i, struct err *err)
{
	uint64_t blob, before = walk->blob[i] - 1; /* the last one passed */
	unsigned passed = 0;
	uintptr_t page = 0;
	struct kv_range range;
	struct kv_key from;
	struct str key, row;
	int ret;

	store_key_blob(&from, walk->blob[i]);
	if (kv_range_open(&range, txn, STORE_TAB_COLD, kv_key_get(&from),
		STR(""), err) < 0)
		return -1;
	while ((ret = kv_range_next(&range, &key, &row, err)) > 0) {
		if (!kv_key_take_u64(&key, &blob)) {
			ret = err_set(err, ERR_CORRUPT, "key of a digest");
			break;
		}
		i = skip_absent(walk, i, before, blob);
		for (; i < walk->count && walk->blob[i] == blob; i++) {
			page = prefetch(row, page);
			walk->row[i] = row;
			passed = 0;
		}
		if (i == walk->count || walk->blob[i] < blob ||
		    passed++ == NEAR)
			break;
		before = blob;
	}
	kv_range_close(&range);
	if (ret == 0)
		i = skip_absent(walk, i, before, UINT64_MAX);
	return ret < 0 ? -1 : (ptrdiff_t)i;
}

static void
tell_row(struct keys_walk *walk, size_t i)
{
	struct store_cold_place place;
	struct str digest;
	struct err ignored;

	if (walk->row[i].p == NULL ||
	    store_cold_decode(&digest, &place, walk->row[i], &ignored) < 0) {
		walk->fn(walk->ctx, i, NULL);
	} else if (digest.p != NULL) {
		tell_keys(walk, i, digest);
	} else {
		walk->place[walk->places] = place;
		walk->at[walk->places++] = i;
	}
}

static int
walk_keys(struct kv_txn *txn, void *arg, struct err *err)
{
	struct keys_walk *walk = arg;
	ptrdiff_t done = 0;

	walk->places = 0;
	while ((size_t)done < walk->count)
		if ((done = walk_near(txn, walk, (size_t)done, err)) < 0)
			return -1;
	for (size_t i = 0; i < walk->count; i++)
		tell_row(walk, i);
	return 0;
}

static int
read_long_keys(struct keys_walk *walk, size_t i, struct err *err)
{
	struct str digest;

	if (read_long(walk->client, walk->blob[walk->at[i]], &walk->place[i],
		walk->arena, &digest, err) < 0) {
		if (err->kind == ERR_LIMIT)
			return -1;
		digest = (struct str){ NULL, 0 };
	}
	tell_keys(walk, walk->at[i], digest);
	return 0;
}

int
store_keys_read(struct store_reader *reader, struct store_client *client,
    const uint64_t *blob, size_t count, enum store_keys_upto upto,
    struct arena *arena, store_keys_fn *fn, void *ctx, struct err *err)
{
	struct keys_walk walk = { .client = client,
		.blob = blob,
		.count = count,
		.upto = upto,
		.arena = arena,
		.fn = fn,
		.ctx = ctx };

	walk.place = arena_alloc(arena, count * sizeof(*walk.place));
	walk.at = arena_alloc(arena, count * sizeof(*walk.at));
	walk.row = arena_alloc(arena, count * sizeof(*walk.row));
	if (walk.place == NULL || walk.at == NULL || walk.row == NULL)
		return err_set(err, ERR_LIMIT, "digests: no room");
	if (store_reader_view(reader, walk_keys, &walk, err) < 0)
		return -1;
	for (size_t i = 0; i < walk.places; i++)
		if (read_long_keys(&walk, i, err) < 0)
			return -1;
	return 0;
}

int
store_digests(struct store_reader *reader, struct store_client *client,
    const uint64_t *blob, size_t count, struct arena *arena,
    struct store_digest *out, struct err *err)
{
	struct digests d = { blob, count, arena, NULL };

	d.row = arena_calloc(arena, count, sizeof(*d.row));
	if (d.row == NULL)
		return err_set(err, ERR_LIMIT, "digests: no room");
	if (store_reader_view(reader, copy_rows, &d, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (decode(client, blob[i], d.row[i], arena, &out[i], err) < 0)
			return -1;
	return 0;
}
