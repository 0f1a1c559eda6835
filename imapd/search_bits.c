#include "imapd/search_bits.h"

#include <string.h>

/* The messages asked about. */
struct span {
	const struct search_judge *judge;
	const struct view *view;
	size_t from, count;
};

/*
 * A word of bits, the first message's lowest: is all of bits in its state?
 * Shifts by one take less than each bit's own shift.
 */
static uint64_t
flag_word(const struct view_message *message, size_t count, unsigned bits)
{
	uint64_t word = 0;

	for (size_t i = 0; i < count; i++)
		word = word >> 1 |
		    (uint64_t)((message[i].state & bits) == bits) << 63;
	return word >> (64 - count);
}

static uint64_t
keyword_word(const struct view *view, size_t from, size_t count, uint64_t bit)
{
	uint64_t word = 0;

	for (size_t i = 0; i < count; i++)
		word |= (uint64_t)((view_keywords(view, from + i) & bit) != 0)
		    << i;
	return word;
}

/* The first range that does not end below n. */
static size_t
first_range(const struct seqset *set, uint32_t n)
{
	size_t lo = 0, hi = set->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->range[mid].hi < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Ranges and numbers both rise, so they are walked side by side. */
static void
set_words(uint64_t *word, const struct span *span, const struct searchkey *key)
{
	const struct seqset *set = &key->set;
	bool uid = key->kind == SEARCHKEY_UID;
	size_t at = SIZE_MAX;

	memset(word, 0, SEARCH_BITS_WORDS * sizeof(*word));
	for (size_t i = 0; i < span->count; i++) {
		uint32_t n = uid ? span->view->message[span->from + i].uid :
				   (uint32_t)(span->from + i) + 1;

		if (at == SIZE_MAX)
			at = first_range(set, n);
		while (at < set->len && set->range[at].hi < n)
			at++;
		if (at == set->len)
			return;
		word[i / 64] |= (uint64_t)(set->range[at].lo <= n) << i % 64;
	}
}

/* A key of flags or keywords, word by word. */
static void
mark_words(uint64_t *word, const struct span *span, const struct searchkey *key)
{
	uint64_t bit = key->kind == SEARCHKEY_KEYWORD ?
	    selected_keyword_bit(span->judge->selected, key->text) :
	    0;

	for (size_t i = 0; i < span->count; i += 64) {
		size_t from = span->from + i,
		       count = span->count - i < 64 ? span->count - i : 64;

		word[i / 64] = key->kind == SEARCHKEY_KEYWORD ?
		    keyword_word(span->view, from, count, bit) :
		    flag_word(&span->view->message[from], count, key->bits);
	}
}

static void
fill(struct search_bits *out, bool may, bool is)
{
	memset(out->may, may ? 0xff : 0, sizeof(out->may));
	memset(out->is, is ? 0xff : 0, sizeof(out->is));
}

static void
judge_leaf(struct search_bits *out, const struct span *span,
    const struct searchkey *key)
{
	enum search_verdict verdict;

	switch (key->kind) {
	case SEARCHKEY_SEQ:
	case SEARCHKEY_UID:
		set_words(out->is, span, key);
		break;
	case SEARCHKEY_FLAGS:
	case SEARCHKEY_KEYWORD:
		mark_words(out->is, span, key);
		break;
	default:
		verdict = search_judge_unread(key);
		fill(out, verdict != VERDICT_NO, verdict == VERDICT_YES);
		return;
	}
	memcpy(out->may, out->is, sizeof(out->may));
}

static void
combine(struct search_bits *out, const struct search_bits *one, bool or)
{
	for (size_t i = 0; i < SEARCH_BITS_WORDS; i++) {
		out->may[i] =
		    or ? out->may[i] | one->may[i] : out->may[i] & one->may[i];
		out->is[i] =
		    or ? out->is[i] | one->is[i] : out->is[i] & one->is[i];
	}
}

/* Not found for sure becomes found for sure, and the other way round. */
static void
negate(struct search_bits *out)
{
	for (size_t i = 0; i < SEARCH_BITS_WORDS; i++) {
		uint64_t may = out->may[i];

		out->may[i] = ~out->is[i];
		out->is[i] = ~may;
	}
}

/* Depth is bounded by the parser: SEARCHKEY_DEPTH. */
static void
judge_key(struct search_bits *out, const struct span *span,
    const struct searchkey *key)
{
	bool or = key->kind == SEARCHKEY_OR;
	struct search_bits one;

	if (key->kind == SEARCHKEY_AND || or) {
		fill(out, ! or, ! or);
		for (const struct searchkey *child = key->child; child != NULL;
		     child = child->next) {
			judge_key(&one, span, child);
			combine(out, &one, or);
		}
	} else {
		judge_leaf(out, span, key);
	}
	if (key->negate)
		negate(out);
}

static void
drop_expunged(struct search_bits *out, const struct span *span)
{
	const struct view_message *message = &span->view->message[span->from];

	for (size_t i = 0; i < span->count; i += 64) {
		size_t count = span->count - i < 64 ? span->count - i : 64;
		uint64_t gone = flag_word(&message[i], count, VIEW_EXPUNGED);

		out->may[i / 64] &= ~gone;
		out->is[i / 64] &= ~gone;
	}
}

void
search_bits(struct search_bits *out, const struct search_judge *judge,
    size_t from, size_t count)
{
	const struct view *view = &judge->selected->view;
	struct span span = { judge, view, from, count };

	judge_key(out, &span, judge->program.key);
	for (size_t i = 0; i < SEARCH_BITS_WORDS; i++) {
		uint64_t asked = UINT64_MAX;

		if (i * 64 >= count)
			asked = 0;
		else if (count - i * 64 < 64)
			asked >>= 64 - (count - i * 64);
		out->may[i] &= asked;
		out->is[i] &= asked;
	}
	if (view->expunged > 0)
		drop_expunged(out, &span);
}
