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

enum {
	MEMORY = 512 << 20, /* of all sort keys that are text */
	FRESH = 12,         /* messages put into an order one by one */
};

struct sort {
	struct command *cmd;
	struct searchkey_program program;
	struct keyed keyed;      /* the messages found */
	struct sort_table table; /* what they are sorted by; of keyed.bulk */
	bool *has_value;         /* those that were read, of keyed.bulk */
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

/* The values of one message; 0 if it is gone, and nothing is known of it. */
static int
read_value(struct sort *sort, uint32_t i, struct err *err)
{
	if (!sort->has_value[i] &&
	    keyed_read_one(&sort->keyed, sort->cmd, keys_needed(sort), i, take,
		sort, err) < 0)
		return -1;
	sort->has_value[i] = true;
	sort->table.texts = buf_str(&sort->folded);
	return !sort->folded.full && sort->keyed.message[i].blob != 0;
}

/* Put one into an order of len others. 0: some are gone, so who knows. */
static int
insert(struct sort *sort, uint32_t *order, size_t len, uint32_t one,
    struct err *err)
{
	int ret = read_value(sort, one, err);
	size_t from = 0, to = len;

	while (ret > 0 && from < to) {
		size_t mid = from + (to - from) / 2;

		ret = read_value(sort, order[mid], err);
		if (sort_compare(&sort->table, order[mid], one) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	memmove(&order[from + 1], &order[from], (len - from) * sizeof(*order));
	order[from] = one;
	return ret;
}

/* A few messages that came since. */
struct fresh {
	uint32_t i[FRESH];
	size_t len;
};

/*
 * Which of the messages found stand where in what was remembered, and which
 * do not. place: by what was there before, its place among those found, from
 * 1. False: too many are new.
 */
static bool
find_fresh(const struct recall_answer *answer, const uint32_t *uid, size_t len,
    uint32_t *place, struct fresh *fresh)
{
	size_t i = 0;

	fresh->len = 0;
	for (size_t at = 0; at < len; at++) {
		while (i < answer->len && answer->uid[i] < uid[at])
			i++;
		if (i < answer->len && answer->uid[i] == uid[at])
			place[i] = (uint32_t)at + 1;
		else if (fresh->len < FRESH)
			fresh->i[fresh->len++] = (uint32_t)at;
		else
			return false;
	}
	return true;
}

static void
keep_order(struct sort *sort, const uint32_t *uid, const uint32_t *order)
{
	char name[SORTKEY_MAX + 1];

	recall_keep(&sort->cmd->session->selected->recall, name_of(sort, name),
	    uid, sort->keyed.len,
	    str_make(order, sort->keyed.len * sizeof(*order)));
}

/*
 * The order of what was found, whose UIDs are given, when all but a few were
 * part of what was put in order before. 1; 0: no; -1.
 */
static int
recall_order(struct sort *sort, const uint32_t *uid, uint32_t *order,
    struct err *err)
{
	char name[SORTKEY_MAX + 1];
	const struct recall_answer *answer = recall_find(
	    &sort->cmd->session->selected->recall, name_of(sort, name));
	const uint32_t *before;
	struct fresh fresh;
	uint32_t *place;
	size_t len = 0;
	int ret;

	if (answer == NULL)
		return 0;
	before = (const uint32_t *)(const void *)answer->bytes.p;
	place = xcalloc(answer->len + 1, sizeof(*place));
	ret = find_fresh(answer, uid, sort->keyed.len, place, &fresh);
	for (size_t i = 0; i < answer->len && ret > 0; i++)
		if (place[before[i]] != 0)
			order[len++] = place[before[i]] - 1;
	free(place);
	for (size_t i = 0; i < fresh.len && ret > 0; i++)
		ret = insert(sort, order, len++, fresh.i[i], err);
	/* What was asked for a part must not push out the order of all. */
	if (ret > 0 && fresh.len > 0 && len >= answer->len)
		keep_order(sort, uid, order);
	return ret;
}

static int
make_order(struct sort *sort, const uint32_t *uid, uint32_t *order,
    struct err *err)
{
	if (keyed_read(&sort->keyed, sort->cmd, keys_needed(sort), take, sort,
		err) < 0)
		return -1;
	if (sort->folded.full)
		return err_set(err, ERR_LIMIT, "too much to sort");
	sort->table.texts = buf_str(&sort->folded);
	sort_order(&sort->table, order,
	    bulk_take(&sort->keyed.bulk, sort->table.len, SORT_ORDER_ROOM));
	keep_order(sort, uid, order);
	return 0;
}

static int
run(struct sort *sort, struct err *err)
{
	struct sort_table *table = &sort->table;
	struct bulk *bulk = &sort->keyed.bulk;
	uint32_t *uid, *order;
	int ret;

	if (keyed_find(&sort->keyed, sort->cmd, &sort->program,
		sizeof(*uid) + sizeof(*order) + SORT_ORDER_ROOM +
		    table->keys.len * sizeof(*table->value) +
		    sizeof(*sort->has_value),
		err) < 0)
		return -1;
	uid = keyed_uids(&sort->keyed, sort->cmd);
	table->len = sort->keyed.len;
	order = bulk_take(bulk, table->len, sizeof(*order));
	table->value = bulk_take(bulk, table->len * table->keys.len,
	    sizeof(*table->value));
	sort->has_value = bulk_take(bulk, table->len, 1);
	memset(sort->has_value, 0, table->len);
	ret = recall_order(sort, uid, order, err);
	if (ret == 0)
		ret = make_order(sort, uid, order, err);
	if (ret < 0)
		return -1;
	answer(sort, order);
	return 0;
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
