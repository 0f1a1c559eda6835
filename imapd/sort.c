/*
 * sort - SORT and UID SORT (RFC 5256; RFC 5957), in the order of
 * i;unicode-casemap where text is compared.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "imap/sortkey.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/keyed.h"
#include "imapd/search_find.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sort_order.h"
#include "mime/charset.h"
#include "mime/word.h"

enum { MEMORY = 512 << 20 /* of all sort keys that are text */ };

struct sort {
	struct command *cmd;
	struct searchkey_program program;
	struct keyed keyed;      /* the messages found */
	struct sort_table table; /* what they are sorted by; of keyed.bulk */
	struct buf text;         /* of one message */
	struct buf folded;       /* of all: the table's texts */
};

/* The first address in a list that is no mark of a group. */
static bool
first_address(struct str list, struct mime_address *out)
{
	struct store_addresses walk;

	store_addresses_begin(&walk, list);
	while (store_addresses_next(&walk, out))
		if (out->kind == MIME_ADDRESS_MAILBOX)
			return true;
	return false;
}

/* RFC 5957 section 3: the name, else the address. */
static struct str
display(struct sort *sort, struct str list)
{
	struct store_addresses walk;
	struct mime_address first;

	store_addresses_begin(&walk, list);
	if (!store_addresses_next(&walk, &first))
		return STR("");
	buf_reset(&sort->text);
	(void)mime_word_decode(&sort->text, first.name);
	if (sort->text.len == 0)
		(void)mime_address_write(&sort->text, &first);
	return buf_str(&sort->text);
}

static struct str
mailbox_of(struct str list)
{
	struct mime_address first;

	return first_address(list, &first) ? first.mailbox : STR("");
}

static struct str
text_of(struct sort *sort, enum sortkey_kind kind,
    const struct store_keys *keys)
{
	switch (kind) {
	case SORTKEY_SUBJECT:
		return keys->base_subject;
	case SORTKEY_CC:
		return mailbox_of(keys->list[MIME_CC]);
	case SORTKEY_TO:
		return mailbox_of(keys->list[MIME_TO]);
	case SORTKEY_DISPLAYFROM:
		return display(sort, keys->list[MIME_FROM]);
	case SORTKEY_DISPLAYTO:
		return display(sort, keys->list[MIME_TO]);
	default:
		return mailbox_of(keys->list[MIME_FROM]);
	}
}

/* As it is compared, behind the texts there are. */
static void
fold(struct sort *sort, struct str text, union sort_value *value)
{
	value->text.at = (uint32_t)sort->folded.len;
	(void)mime_casefold(&sort->folded, text);
	value->text.len = (uint32_t)sort->folded.len - value->text.at;
}

static void
take(void *ctx, size_t i, const struct keyed_message *message,
    const struct store_keys *keys)
{
	struct sort *sort = ctx;
	const struct sortkey_list *list = &sort->table.keys;
	union sort_value *value = &sort->table.value[i * list->len];

	for (size_t k = 0; k < list->len; k++) {
		enum sortkey_kind kind = list->key[k].kind;

		if (kind == SORTKEY_ARRIVAL)
			value[k].number = message->internal;
		else if (kind == SORTKEY_SIZE)
			value[k].number = message->size;
		else if (kind == SORTKEY_DATE)
			value[k].number = keyed_date(message, keys);
		else
			fold(sort, text_of(sort, kind, keys), &value[k]);
	}
}

/* "* SORT 2 3 6" */
static void
answer(struct sort *sort, const uint32_t *order)
{
	struct selected *selected = sort->cmd->session->selected;
	struct buf out;

	buf_init(&out, 0);
	(void)buf_addz(&out, "* SORT");
	for (size_t i = 0; i < sort->keyed.len; i++) {
		(void)buf_addc(&out, ' ');
		(void)buf_add_num(&out,
		    keyed_number(&sort->keyed, order[i], sort->cmd));
	}
	if (sort->program.modseq && sort->keyed.len > 0)
		(void)buf_addf(&out, " (MODSEQ %" PRIu64 ")",
		    selected_row_modseq(selected, sort->keyed.modseq));
	(void)buf_addz(&out, "\r\n");
	stream_put(sort->cmd->session->stream, buf_str(&out));
	buf_clear(&out);
}

static enum store_keys_upto
keys_needed(const struct sort *sort)
{
	static const enum store_keys_upto needed[] = {
		[SORTKEY_ARRIVAL] = STORE_KEYS_NONE,
		[SORTKEY_CC] = STORE_KEYS_ALL,
		[SORTKEY_DATE] = STORE_KEYS_DATE,
		[SORTKEY_DISPLAYFROM] = STORE_KEYS_FROM,
		[SORTKEY_DISPLAYTO] = STORE_KEYS_ALL,
		[SORTKEY_FROM] = STORE_KEYS_FROM,
		[SORTKEY_SIZE] = STORE_KEYS_NONE,
		[SORTKEY_SUBJECT] = STORE_KEYS_ALL,
		[SORTKEY_TO] = STORE_KEYS_ALL,
	};
	enum store_keys_upto upto = STORE_KEYS_NONE;

	for (size_t i = 0; i < sort->table.keys.len; i++)
		if (needed[sort->table.keys.key[i].kind] > upto)
			upto = needed[sort->table.keys.key[i].kind];
	return upto;
}

/* What an order is remembered by; name has room for all keys and one. */
static struct str
name_of(const struct sort *sort, char *name)
{
	size_t len = 0;

	name[len++] = 'S';
	for (size_t k = 0; k < sort->table.keys.len; k++) {
		const struct sortkey *key = &sort->table.keys.key[k];

		name[len++] = (char)((key->kind << 1) | key->reverse);
	}
	return str_make(name, len);
}

/*
 * The order of what was found, whose UIDs are given, when it was part of what
 * was put in order before.
 */
static bool
recall_order(struct sort *sort, const uint32_t *uid, uint32_t *order)
{
	struct recall *recall = &sort->cmd->session->selected->recall;
	char name[SORTKEY_MAX + 1];
	const struct recall_answer *answer =
	    recall_find(recall, name_of(sort, name));
	size_t len = sort->keyed.len, at = 0, n = 0;
	const uint32_t *before;
	uint32_t *found;

	if (answer == NULL)
		return false;
	before = (const uint32_t *)(const void *)answer->bytes.p;
	found = xcalloc(answer->len + 1, sizeof(*found));
	/* By what was there before: its place among those found, from 1. */
	for (size_t i = 0; i < answer->len && at < len; i++)
		if (answer->uid[i] == uid[at])
			found[i] = (uint32_t)++at;
	for (size_t i = 0; i < answer->len && at == len; i++)
		if (found[before[i]] != 0)
			order[n++] = found[before[i]] - 1;
	free(found);
	return at == len;
}

static int
make_order(struct sort *sort, const uint32_t *uid, uint32_t *order,
    struct err *err)
{
	struct command *cmd = sort->cmd;
	char name[SORTKEY_MAX + 1];

	sort->table.len = sort->keyed.len;
	sort->table.value = bulk_take(&sort->keyed.bulk,
	    sort->table.len * sort->table.keys.len, sizeof(*sort->table.value));
	if (keyed_read(&sort->keyed, cmd, keys_needed(sort), take, sort, err) <
	    0)
		return -1;
	if (sort->folded.full)
		return err_set(err, ERR_LIMIT, "too much to sort");
	sort->table.texts = buf_str(&sort->folded);
	sort_order(&sort->table, order,
	    bulk_take(&sort->keyed.bulk, sort->table.len, SORT_ORDER_ROOM));
	recall_keep(&cmd->session->selected->recall, name_of(sort, name), uid,
	    sort->keyed.len, str_make(order, sort->keyed.len * sizeof(*order)));
	return 0;
}

static int
run(struct sort *sort, struct err *err)
{
	uint32_t *uid, *order;
	int ret = 0;

	if (keyed_find(&sort->keyed, sort->cmd, &sort->program,
		sizeof(*uid) + sizeof(*order) + SORT_ORDER_ROOM +
		    sort->table.keys.len * sizeof(*sort->table.value),
		err) < 0)
		return -1;
	uid = keyed_uids(&sort->keyed, sort->cmd);
	order = bulk_take(&sort->keyed.bulk, sort->keyed.len, sizeof(*order));
	if (!recall_order(sort, uid, order))
		ret = make_order(sort, uid, order, err);
	if (ret == 0)
		answer(sort, order);
	return ret;
}

/* SP sort-criteria SP search-criteria */
static int
parse(struct sort *sort, struct err *err)
{
	struct command *cmd = sort->cmd;
	struct searchkey_view view;

	if (token_sp(&cmd->in, err) < 0 ||
	    sortkey_parse(&cmd->in, &sort->table.keys, err) < 0 ||
	    token_sp(&cmd->in, err) < 0 || search_view(cmd, &view, err) < 0)
		return -1;
	return searchkey_parse_criteria(cmd->arena, &cmd->in, &view,
	    &sort->program, err);
}

void
sort_run(struct command *cmd)
{
	struct sort sort = { .cmd = cmd };
	struct err err;

	if (parse(&sort, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (search_begin(cmd, &sort.program) < 0)
		return;
	buf_init(&sort.text, 0);
	buf_init(&sort.folded, MEMORY);
	if (run(&sort, &err) < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "done");
	buf_clear(&sort.folded);
	buf_clear(&sort.text);
	keyed_clear(&sort.keyed);
}
