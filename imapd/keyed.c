#include "imapd/keyed.h"

#include "imapd/command.h"
#include "imapd/rows.h"
#include "imapd/search_find.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "store/sent.h"

enum {
	ROWS = 256,        /* rows read together */
	PIECE = 512,       /* digests read in one transaction */
	MEMORY = 64 << 20, /* of those too long for the index, of a piece */
};

static void
take_row(struct keyed *keyed, size_t i, const struct store_message *row)
{
	struct keyed_message *message = &keyed->message[i];

	if (row->modseq > keyed->modseq)
		keyed->modseq = row->modseq;
	message->size = row->size;
	message->internal = row->internal;
	message->blob = row->blob;
	message->sent = row->sent;
	keyed->rows++;
}

static void
add(void *ctx, size_t index, const struct store_message *row)
{
	struct keyed *keyed = ctx;

	keyed->message[keyed->len] =
	    (struct keyed_message){ .index = (uint32_t)index };
	if (row != NULL)
		take_row(keyed, keyed->len, row);
	keyed->len++;
}

int
keyed_find(struct keyed *keyed, struct command *cmd,
    const struct searchkey_program *program, size_t room, struct err *err)
{
	size_t all = cmd->session->selected->view.len;

	*keyed = (struct keyed){ 0 };
	bulk_open(&keyed->bulk,
	    all * (sizeof(*keyed->message) + room) +
		KEYED_ARRAYS * bulk_room(1, 1));
	keyed->message = bulk_take(&keyed->bulk, all, sizeof(*keyed->message));
	return search_find(cmd, program, add, keyed, err);
}

void
keyed_clear(struct keyed *keyed)
{
	bulk_close(&keyed->bulk);
	*keyed = (struct keyed){ 0 };
}

uint32_t *
keyed_uids(struct keyed *keyed, const struct command *cmd)
{
	const struct view *view = &cmd->session->selected->view;
	uint32_t *uid = bulk_take(&keyed->bulk, keyed->len, sizeof(*uid));

	for (size_t i = 0; i < keyed->len; i++)
		uid[i] = view->message[keyed->message[i].index].uid;
	return uid;
}

/* The rows from one message to another that the search did not need. */
static int
read_rows(struct keyed *keyed, struct command *cmd, size_t from, size_t to,
    struct err *err)
{
	struct store_message row[ROWS];
	size_t index[ROWS], at[ROWS], count = 0;

	if (keyed->rows == keyed->len)
		return 0;
	for (size_t i = from; i < to; i++) {
		if (keyed->message[i].blob == 0) {
			at[count] = i;
			index[count++] = keyed->message[i].index;
		}
		if (count < ROWS && i + 1 < to)
			continue;
		if (rows_read(cmd->session, index, count, row, err) < 0)
			return -1;
		for (size_t k = 0; k < count; k++)
			if (row[k].uid != 0)
				take_row(keyed, at[k], &row[k]);
		count = 0;
	}
	return 0;
}

/* One piece on its way. */
struct piece {
	struct keyed *keyed;
	size_t count, at[PIECE]; /* messages whose digests are read */
	enum store_keys_upto upto;
	keyed_fn *fn;
	void *ctx;
	bool is_missing[PIECE]; /* those without a digest */
};

static void
tell(void *ctx, size_t i, const struct store_keys *keys)
{
	struct piece *piece = ctx;
	size_t at = piece->at[i];

	if (keys == NULL)
		piece->is_missing[i] = true;
	else
		piece->fn(piece->ctx, at, &piece->keyed->message[at], keys);
}

/* A message whose digest nobody made: it is made for now. */
static int
make_keys(struct piece *piece, struct command *cmd, size_t at, struct err *err)
{
	struct session *session = cmd->session;
	struct keyed_message *message = &piece->keyed->message[at];
	struct store_keys keys = { 0 };
	struct store_body body;
	struct buf digest;

	buf_init(&digest, 0);
	if (store_body_open(session->imapd->reader, session->store,
		session->selected->mailbox,
		session->selected->view.message[message->index].uid, &body,
		err) == 0) {
		store_digest_build(&digest, body.body, NULL);
		(void)store_keys_decode(&keys, buf_str(&digest),
		    STORE_KEYS_ALL);
		store_body_close(&body);
	} else if (err->kind != ERR_NOENT) {
		return -1;
	} else {
		message->blob = 0;
	}
	piece->fn(piece->ctx, at, message, &keys);
	buf_clear(&digest);
	return 0;
}

static int
read_piece(struct piece *piece, struct command *cmd, struct arena *arena,
    struct err *err)
{
	struct session *session = cmd->session;
	uint64_t blob[PIECE];

	for (size_t i = 0; i < piece->count; i++)
		blob[i] = piece->keyed->message[piece->at[i]].blob;
	memset(piece->is_missing, 0, sizeof(piece->is_missing));
	arena_reset(arena);
	if (store_keys_read(session->imapd->reader, session->store, blob,
		piece->count, piece->upto, arena, tell, piece, err) < 0)
		return -1;
	for (size_t i = 0; i < piece->count; i++)
		if (piece->is_missing[i] &&
		    make_keys(piece, cmd, piece->at[i], err) < 0)
			return -1;
	piece->count = 0;
	return 0;
}

/* If the row says what is asked for, no digest is needed. */
static bool
tell_date(struct piece *piece, size_t i)
{
	const struct keyed_message *message = &piece->keyed->message[i];
	struct store_keys keys = { 0 };

	if (piece->upto != STORE_KEYS_DATE ||
	    message->sent == STORE_SENT_UNKNOWN)
		return false;
	keys.has_date = store_sent_has_date(message->sent);
	if (keys.has_date) {
		keys.date = store_sent_date(message->sent);
		keys.zone = store_sent_zone(message->sent);
	}
	piece->fn(piece->ctx, i, message, &keys);
	return true;
}

static int
read_keys(struct piece *piece, struct command *cmd, size_t from, size_t to,
    struct err *err)
{
	struct arena *arena = arena_new(MEMORY);
	int ret = 0;

	for (size_t i = from; i < to && ret == 0; i++) {
		if (tell_date(piece, i))
			continue;
		piece->at[piece->count++] = i;
		if (piece->count == PIECE)
			ret = read_piece(piece, cmd, arena, err);
	}
	if (ret == 0 && piece->count > 0)
		ret = read_piece(piece, cmd, arena, err);
	arena_free(arena);
	return ret;
}

static int
read_some(struct keyed *keyed, struct command *cmd, enum store_keys_upto upto,
    size_t from, size_t to, keyed_fn *fn, void *ctx, struct err *err)
{
	struct piece piece;

	piece.keyed = keyed;
	piece.count = 0;
	piece.upto = upto;
	piece.fn = fn;
	piece.ctx = ctx;
	if (read_rows(keyed, cmd, from, to, err) < 0)
		return -1;
	if (upto != STORE_KEYS_NONE)
		return read_keys(&piece, cmd, from, to, err);
	for (size_t i = from; i < to; i++)
		fn(ctx, i, &keyed->message[i], NULL);
	return 0;
}

int
keyed_read(struct keyed *keyed, struct command *cmd, enum store_keys_upto upto,
    keyed_fn *fn, void *ctx, struct err *err)
{
	return read_some(keyed, cmd, upto, 0, keyed->len, fn, ctx, err);
}

int
keyed_read_one(struct keyed *keyed, struct command *cmd,
    enum store_keys_upto upto, size_t i, keyed_fn *fn, void *ctx,
    struct err *err)
{
	return read_some(keyed, cmd, upto, i, i + 1, fn, ctx, err);
}

int64_t
keyed_date(const struct keyed_message *message, const struct store_keys *keys)
{
	return keys != NULL && keys->has_date ? keys->date : message->internal;
}

uint32_t
keyed_number(const struct keyed *keyed, size_t i, const struct command *cmd)
{
	uint32_t index = keyed->message[i].index;

	return cmd->uid ? cmd->session->selected->view.message[index].uid :
			  index + 1;
}
