/*
 * sort - SORT and UID SORT (RFC 5256; RFC 5957), in the order of
 * i;unicode-casemap where text is compared.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/num.h"
#include "imap/sortkey.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/keyed.h"
#include "imapd/search_find.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "mime/charset.h"
#include "mime/word.h"

enum { MEMORY = 512 << 20 /* of all sort keys that are text */ };

/* What one message is sorted by under one key. */
union value {
	int64_t number;
	struct str text; /* in the arena */
};

struct sort {
	struct command *cmd;
	struct sortkey_list keys;
	struct searchkey_program program;
	struct keyed keyed;  /* the messages found */
	union value *value;  /* keys.len of each message */
	struct arena *arena; /* of texts */
	struct buf text, folded;
	bool full;
};

static bool
is_text(enum sortkey_kind kind)
{
	return kind != SORTKEY_ARRIVAL && kind != SORTKEY_DATE &&
	    kind != SORTKEY_SIZE;
}

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

/* As it is compared, in the arena. */
static struct str
fold(struct sort *sort, struct str text)
{
	struct str out;

	buf_reset(&sort->folded);
	(void)mime_casefold(&sort->folded, text);
	out = arena_str(sort->arena, buf_str(&sort->folded));
	if (out.p == NULL)
		sort->full = true;
	return out;
}

static void
take(void *ctx, size_t i, const struct keyed_message *message,
    const struct store_keys *keys)
{
	struct sort *sort = ctx;
	union value *value = &sort->value[i * sort->keys.len];

	for (size_t k = 0; k < sort->keys.len; k++) {
		enum sortkey_kind kind = sort->keys.key[k].kind;

		if (kind == SORTKEY_ARRIVAL)
			value[k].number = message->internal;
		else if (kind == SORTKEY_SIZE)
			value[k].number = message->size;
		else if (kind == SORTKEY_DATE)
			value[k].number = keyed_date(message, keys);
		else if (keys == NULL)
			value[k].text = STR("");
		else
			value[k].text = fold(sort, text_of(sort, kind, keys));
	}
}

static int
compare_values(enum sortkey_kind kind, const union value *a,
    const union value *b)
{
	if (is_text(kind))
		return str_cmp(a->text, b->text);
	return a->number < b->number ? -1 : a->number > b->number;
}

/*
 * A message to be put in order, with the beginning of its first value: most
 * comparisons need no more, and stay in what the cache holds.
 */
struct entry {
	uint64_t first;
	uint32_t i;
};

/* Smaller means before; the same says nothing. */
static uint64_t
first_of(const struct sort *sort, size_t i)
{
	const union value *value = &sort->value[i * sort->keys.len];
	unsigned char bytes[8] = { 0 };
	uint64_t first;

	if (is_text(sort->keys.key[0].kind)) {
		if (value->text.len > 0)
			memcpy(bytes, value->text.p,
			    value->text.len < 8 ? value->text.len : 8);
		first = num_get_u64(bytes);
	} else {
		first = (uint64_t)value->number ^ (uint64_t)1 << 63;
	}
	return sort->keys.key[0].reverse ? ~first : first;
}

/* RFC 5256 section 3: what is equal stands by sequence number. */
static int
compare(const void *a, const void *b, void *ctx)
{
	const struct entry *x = a, *y = b;
	const struct sort *sort = ctx;
	size_t n = sort->keys.len;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	for (size_t k = 0; k < n; k++) {
		const struct sortkey *key = &sort->keys.key[k];
		int order = compare_values(key->kind,
		    &sort->value[x->i * n + k], &sort->value[y->i * n + k]);

		if (order != 0)
			return key->reverse ? -order : order;
	}
	return x->i < y->i ? -1 : x->i > y->i;
}

/* "* SORT 2 3 6" */
static void
answer(struct sort *sort)
{
	struct selected *selected = sort->cmd->session->selected;
	struct entry *entry = xcalloc(sort->keyed.len + 1, sizeof(*entry));
	struct buf out;

	for (size_t i = 0; i < sort->keyed.len; i++)
		entry[i] = (struct entry){ first_of(sort, i), (uint32_t)i };
	qsort_r(entry, sort->keyed.len, sizeof(*entry), compare, sort);
	buf_init(&out, 0);
	(void)buf_addz(&out, "* SORT");
	for (size_t i = 0; i < sort->keyed.len; i++) {
		(void)buf_addc(&out, ' ');
		(void)buf_add_num(&out,
		    keyed_number(&sort->keyed, entry[i].i, sort->cmd));
	}
	if (sort->program.modseq && sort->keyed.len > 0)
		(void)buf_addf(&out, " (MODSEQ %" PRIu64 ")",
		    selected_row_modseq(selected, sort->keyed.modseq));
	(void)buf_addz(&out, "\r\n");
	stream_put(sort->cmd->session->stream, buf_str(&out));
	buf_clear(&out);
	free(entry);
}

static bool
needs_keys(const struct sort *sort)
{
	for (size_t i = 0; i < sort->keys.len; i++)
		if (sort->keys.key[i].kind != SORTKEY_ARRIVAL &&
		    sort->keys.key[i].kind != SORTKEY_SIZE)
			return true;
	return false;
}

static int
run(struct sort *sort, struct err *err)
{
	struct command *cmd = sort->cmd;

	if (keyed_find(&sort->keyed, cmd, &sort->program, err) < 0)
		return -1;
	sort->value =
	    xcalloc(sort->keyed.len * sort->keys.len + 1, sizeof(*sort->value));
	if (keyed_read(&sort->keyed, cmd, needs_keys(sort), take, sort, err) <
	    0)
		return -1;
	if (sort->full)
		return err_set(err, ERR_LIMIT, "too much to sort");
	answer(sort);
	return 0;
}

/* SP sort-criteria SP search-criteria */
static int
parse(struct sort *sort, struct err *err)
{
	struct command *cmd = sort->cmd;
	struct searchkey_view view;

	if (token_sp(&cmd->in, err) < 0 ||
	    sortkey_parse(&cmd->in, &sort->keys, err) < 0 ||
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
	sort.arena = arena_new(MEMORY);
	buf_init(&sort.text, 0);
	buf_init(&sort.folded, 0);
	if (run(&sort, &err) < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "done");
	buf_clear(&sort.folded);
	buf_clear(&sort.text);
	arena_free(sort.arena);
	free(sort.value);
	keyed_clear(&sort.keyed);
}
