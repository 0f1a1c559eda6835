#include "store/format.h"

#include "base/attr.h"
#include "base/num.h"
#include "base/utf8.h"
#include "store/uids.h"
#include "store/wire.h"

enum { ROW_VERSION = 1 };

const char *const store_tables[] = { "user", "name", "sub", "mbox", "hot",
	"cold", "blob", "mod", "place", "thread", "upload", "seen", "share",
	"applied", "meta", NULL };

_Static_assert(NELEMS(store_tables) == STORE_TABLES + 1, "a name a table");

/* End a decoder: all read, nothing left, or say which row is damaged. */
static int
done(const struct wire *in, const char *what, struct err *err)
{
	if (wire_is_done(in))
		return 0;
	return err_set(err, ERR_CORRUPT, "row of %s is damaged", what);
}

static struct wire
begin(struct str in)
{
	struct wire wire = wire_of(in);

	if (wire_u8(&wire) != ROW_VERSION)
		wire.bad = true;
	return wire;
}

static void
start(struct buf *out)
{
	buf_reset(out);
	(void)buf_add_u8(out, ROW_VERSION);
}

static void
take_guid(unsigned char guid[STORE_GUID_SIZE], struct wire *in)
{
	struct str s = wire_bytes(in, STORE_GUID_SIZE);

	if (s.p != NULL)
		memcpy(guid, s.p, STORE_GUID_SIZE);
}

void
store_user_encode(struct buf *out, const struct store_user *row)
{
	start(out);
	(void)buf_add_u32(out, row->id);
	(void)buf_add_u16(out, row->state);
	(void)buf_add_u16(out, row->warned);
	(void)buf_add_u64(out, row->modseq);
	(void)buf_add_u64(out, row->bytes);
	(void)buf_add_u64(out, row->messages);
	(void)buf_add_u64(out, row->limit_bytes);
	(void)buf_add_u64(out, row->limit_messages);
}

int
store_user_decode(struct store_user *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->id = wire_u32(&wire);
	row->state = wire_u16(&wire);
	row->warned = wire_u16(&wire);
	row->modseq = wire_u64(&wire);
	row->bytes = wire_u64(&wire);
	row->messages = wire_u64(&wire);
	row->limit_bytes = wire_u64(&wire);
	row->limit_messages = wire_u64(&wire);
	return done(&wire, "user", err);
}

void
store_name_encode(struct buf *out, const struct store_name *row)
{
	start(out);
	(void)buf_add_u32(out, row->mailbox);
	(void)buf_add_u8(out, row->use);
	(void)buf_add_u8(out, row->type);
}

int
store_name_decode(struct store_name *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->mailbox = wire_u32(&wire);
	row->use = wire_u8(&wire);
	row->type = wire_u8(&wire);
	if (row->use > STORE_USE_LAST || row->type > STORE_TYPE_LAST)
		wire.bad = true;
	return done(&wire, "name", err);
}

void
store_mbox_encode(struct buf *out, const struct store_mbox *row)
{
	start(out);
	(void)buf_add_u32(out, row->owner);
	(void)buf_add_u32(out, row->uidvalidity);
	(void)buf_add_u32(out, row->uidnext);
	(void)buf_add_u32(out, row->recent);
	(void)buf_add_u64(out, row->modseq);
	(void)buf_add_u64(out, row->expunged);
	(void)buf_add_u32(out, row->exists);
	(void)buf_add_u32(out, row->unseen);
	(void)buf_add_u32(out, row->deleted);
	(void)buf_add_u64(out, row->bytes);
	(void)buf_add_u8(out, (uint8_t)row->keywords.count);
	for (unsigned i = 0; i < row->keywords.count; i++)
		wire_put_str(out, row->keywords.keyword[i]);
	wire_put_str(out, row->acl);
	if (row->gone == 0)
		return;
	(void)buf_add_u32(out, row->gone);
	(void)buf_add_u8(out, row->was.type);
	(void)buf_add_u32(out, row->was.exists);
	(void)buf_add_u64(out, row->was.bytes);
	(void)buf_add_u64(out, row->was.modseq);
	wire_put_str(out, row->was.name);
}

/* Nothing, of a mailbox that is there. */
static void
take_was(struct store_mbox *row, struct wire *in)
{
	row->gone = 0;
	memset(&row->was, 0, sizeof(row->was));
	if (in->bad || in->in.len == 0)
		return;
	row->gone = wire_u32(in);
	row->was.type = wire_u8(in);
	row->was.exists = wire_u32(in);
	row->was.bytes = wire_u64(in);
	row->was.modseq = wire_u64(in);
	row->was.name = wire_str(in);
	if (row->gone == 0)
		in->bad = true;
}

static void
take_keywords(struct store_keywords *keywords, struct wire *in)
{
	keywords->count = wire_u8(in);
	if (keywords->count > STORE_KEYWORDS_MAX) {
		in->bad = true;
		keywords->count = 0;
	}
	for (unsigned i = 0; i < keywords->count; i++) {
		keywords->keyword[i] = wire_str(in);
		if (!store_keyword_is_valid(keywords->keyword[i]))
			in->bad = true;
	}
}

int
store_mbox_decode(struct store_mbox *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->owner = wire_u32(&wire);
	row->uidvalidity = wire_u32(&wire);
	row->uidnext = wire_u32(&wire);
	row->recent = wire_u32(&wire);
	row->modseq = wire_u64(&wire);
	row->expunged = wire_u64(&wire);
	row->exists = wire_u32(&wire);
	row->unseen = wire_u32(&wire);
	row->deleted = wire_u32(&wire);
	row->bytes = wire_u64(&wire);
	take_keywords(&row->keywords, &wire);
	row->acl = wire_str(&wire);
	take_was(row, &wire);
	return done(&wire, "mbox", err);
}

void
store_hot_encode(struct buf *out, const struct store_hot *row)
{
	start(out);
	(void)buf_add_u8(out, 0);
	(void)buf_add_u16(out, row->flags);
	(void)buf_add_u32(out, row->saved);
	(void)buf_add_u64(out, row->blob);
	(void)buf_add_u64(out, row->modseq);
	(void)buf_add_u64(out, row->keywords);
	(void)buf_add_u64(out, row->sent);
	(void)buf_add_u64(out, (uint64_t)row->internal);
	(void)buf_add_u32(out, row->size);
	(void)buf_add_u32(out, (uint32_t)row->prefix.len);
	(void)buf_add_str(out, row->prefix);
}

/* Straight from the bytes: this one is read by the ten thousand. */
int
store_hot_decode(struct store_hot *row, struct str in, struct err *err)
{
	const char *p = in.p;

	if (in.len < STORE_HOT_SIZE || p[0] != ROW_VERSION ||
	    num_get_u32(p + 52) != in.len - STORE_HOT_SIZE ||
	    num_get_u32(p + 48) < num_get_u32(p + 52))
		return err_set(err, ERR_CORRUPT, "row of hot is damaged");
	row->flags = num_get_u16(p + 2);
	row->saved = num_get_u32(p + 4);
	row->blob = num_get_u64(p + 8);
	row->modseq = num_get_u64(p + 16);
	row->keywords = num_get_u64(p + 24);
	row->sent = num_get_u64(p + 32);
	row->internal = (int64_t)num_get_u64(p + 40);
	row->size = num_get_u32(p + 48);
	row->prefix = str_make(p + STORE_HOT_SIZE, in.len - STORE_HOT_SIZE);
	return 0;
}

void
store_blob_encode(struct buf *out, const struct store_blob *row)
{
	start(out);
	(void)buf_add_u32(out, row->pack);
	(void)buf_add_u64(out, row->offset);
	(void)buf_add_u32(out, row->length);
	(void)buf_add_u32(out, row->references);
	(void)buf_add(out, row->guid, sizeof(row->guid));
}

int
store_blob_decode(struct store_blob *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->pack = wire_u32(&wire);
	row->offset = wire_u64(&wire);
	row->length = wire_u32(&wire);
	row->references = wire_u32(&wire);
	take_guid(row->guid, &wire);
	return done(&wire, "blob", err);
}

void
store_mod_encode(struct buf *out, const struct store_mod *row)
{
	start(out);
	(void)buf_add_u8(out, row->kind);
	(void)buf_add_u32(out, row->when);
	(void)buf_add_u64(out, row->blob);
	(void)buf_add_str(out, row->message);
}

int
store_mod_decode(struct store_mod *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->kind = wire_u8(&wire);
	row->when = wire_u32(&wire);
	row->blob = wire_u64(&wire);
	row->message = wire_bytes(&wire, wire.in.len);
	if (row->kind != STORE_MOD_CHANGED && row->kind != STORE_MOD_EXPUNGED)
		wire.bad = true;
	if (row->message.len > 0 &&
	    (row->kind == STORE_MOD_CHANGED ||
		row->message.len < STORE_HOT_SIZE))
		wire.bad = true;
	return done(&wire, "mod", err);
}

void
store_share_encode(struct buf *out, const struct store_share *row)
{
	start(out);
	(void)buf_add_u16(out, row->given);
	(void)buf_add_u16(out, row->denied);
	(void)buf_add_str(out, row->name);
}

int
store_share_decode(struct store_share *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->given = wire_u16(&wire);
	row->denied = wire_u16(&wire);
	row->name = wire_bytes(&wire, wire.in.len);
	if (row->name.len == 0 || row->name.len > STORE_NAME_MAX)
		wire.bad = true;
	return done(&wire, "share", err);
}

void
store_seen_encode(struct buf *out, const struct store_uids *seen)
{
	start(out);
	(void)store_uids_encode(out, seen);
}

int
store_seen_decode(struct str *runs, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	*runs = wire_bytes(&wire, wire.in.len);
	if (runs->len % STORE_RUN_SIZE != 0)
		wire.bad = true;
	return done(&wire, "seen", err);
}

void
store_upload_encode(struct buf *out, const struct store_upload *row)
{
	start(out);
	(void)buf_add_u32(out, row->expires);
}

int
store_upload_decode(struct store_upload *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->expires = wire_u32(&wire);
	return done(&wire, "upload", err);
}

void
store_applied_encode(struct buf *out, const struct store_applied *row)
{
	start(out);
	(void)buf_add_u32(out, row->when);
	(void)buf_add(out, row->numbers, (size_t)row->count * 4);
}

int
store_applied_decode(struct store_applied *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->when = wire_u32(&wire);
	row->count = (uint32_t)(wire.in.len / 4);
	row->numbers = wire_bytes(&wire, (size_t)row->count * 4).p;
	return done(&wire, "applied", err);
}

void
store_meta_encode(struct buf *out, const struct store_meta *row)
{
	start(out);
	(void)buf_add_u32(out, row->version);
	(void)buf_add(out, row->identity, sizeof(row->identity));
	(void)buf_add(out, row->incarnation, sizeof(row->incarnation));
}

int
store_meta_decode(struct store_meta *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);
	struct str identity, incarnation;

	row->version = wire_u32(&wire);
	identity = wire_bytes(&wire, sizeof(row->identity));
	incarnation = wire_bytes(&wire, sizeof(row->incarnation));
	if (done(&wire, "meta", err) < 0)
		return -1;
	memcpy(row->identity, identity.p, identity.len);
	memcpy(row->incarnation, incarnation.p, incarnation.len);
	return 0;
}

void
store_state_encode(struct buf *out, const struct store_state *row)
{
	start(out);
	(void)buf_add_u64(out, row->lsn);
	(void)buf_add_u64(out, row->blob);
	(void)buf_add_u32(out, row->user);
	(void)buf_add_u32(out, row->mailbox);
	(void)buf_add_u32(out, row->uidvalidity);
}

int
store_state_decode(struct store_state *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->lsn = wire_u64(&wire);
	row->blob = wire_u64(&wire);
	row->user = wire_u32(&wire);
	row->mailbox = wire_u32(&wire);
	row->uidvalidity = wire_u32(&wire);
	return done(&wire, "state", err);
}

void
store_task_encode(struct buf *out, const struct store_task *row)
{
	start(out);
	(void)buf_add_u32(out, row->mailbox);
	(void)buf_add_u32(out, row->from);
	(void)buf_add_u32(out, row->first);
	(void)buf_add_u32(out, row->end);
	(void)buf_add_u64(out, row->modseq);
}

int
store_task_decode(struct store_task *row, struct str in, struct err *err)
{
	struct wire wire = begin(in);

	row->mailbox = wire_u32(&wire);
	row->from = wire_u32(&wire);
	row->first = wire_u32(&wire);
	row->end = wire_u32(&wire);
	row->modseq = wire_u64(&wire);
	return done(&wire, "task", err);
}

enum { COLD_HERE = 1, COLD_IN_PACK = 2 };

void
store_cold_encode(struct buf *out, struct str digest,
    const struct store_cold_place *place)
{
	start(out);
	if (place == NULL) {
		(void)buf_add_u8(out, COLD_HERE);
		(void)buf_add_str(out, digest);
		return;
	}
	(void)buf_add_u8(out, COLD_IN_PACK);
	(void)buf_add_u32(out, place->pack);
	(void)buf_add_u64(out, place->offset);
	(void)buf_add_u32(out, place->length);
	(void)buf_add(out, place->guid, sizeof(place->guid));
}

int
store_cold_decode(struct str *digest, struct store_cold_place *place,
    struct str in, struct err *err)
{
	struct wire wire = begin(in);

	*digest = (struct str){ NULL, 0 };
	switch (wire_u8(&wire)) {
	case COLD_HERE:
		*digest = wire_bytes(&wire, wire.in.len);
		break;
	case COLD_IN_PACK:
		place->pack = wire_u32(&wire);
		place->offset = wire_u64(&wire);
		place->length = wire_u32(&wire);
		take_guid(place->guid, &wire);
		break;
	default:
		wire.bad = true;
	}
	return done(&wire, "cold", err);
}

void
store_sub_encode(struct buf *out)
{
	start(out);
}
