/* complexity, what an IMAP client says: lib/imap, and imapd's pure parts. */
#include <stdlib.h>

#include "t/attack/complexity.h"
#include "base/alloc.h"
#include "imap/bodystructure.h"
#include "imap/envelope.h"
#include "imap/fetchatt.h"
#include "imap/flags.h"
#include "imap/listpat.h"
#include "imap/modifier.h"
#include "imap/searchkey.h"
#include "imap/seqset.h"
#include "imap/sortkey.h"
#include "imap/token.h"
#include "imap/utf7.h"
#include "imapd/search_text.h"
#include "imapd/thread_tree.h"
#include "imapd/view_pack.h"

enum {
	COMMAND = 128 << 10, /* imapd_command_size_limit */
	MAILBOX = 480,       /* bytes of a name */
	MESSAGE_BYTES = 16,  /* of input, one message of a thread */
	THREADS = 16 << 10,  /* what the processor has near at hand */
};

/* clang-format off */
static const struct complexity_input searches[] = {
	{ "keys", NULL, "ALL ", "ALL" },
	{ "parentheses", NULL, "(", "ALL" },
	{ "closed parentheses", NULL, "(ALL) ", "ALL" },
	{ "NOT", NULL, "NOT ", "ALL" },
	{ "OR", NULL, "OR ALL ", "ALL" },
	{ "OR to the left", NULL, "OR ", "ALL" },
	{ "sets", NULL, "1 ", "1" },
	{ "a set", "1", ",#", NULL },
	{ "sparse set", "1", ",#1", NULL },
	{ "a set that falls", "4294967295", ",^", NULL },
	{ "ranges with stars", "1", ",#:*", NULL },
	{ "strings", NULL, "TEXT \"a\" ", "ALL" },
	{ "a string", "TEXT \"", "\\\"", "\"" },
	{ "headers", NULL, "HEADER a b ", "ALL" },
	{ "literals", NULL, "BODY {3+}\r\nabc ", "ALL" },
	{ "keywords", NULL, "KEYWORD k# ", "ALL" },
	{ "results", "RETURN (", "ALL ", "ALL) ALL" },
	{ "dates", NULL, "SINCE 1-Feb-1994 ", "ALL" },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input fetches[] = {
	{ "items", "(", "FLAGS ", "UID)" },
	{ "sections", "(", "BODY[1] ", "UID)" },
	{ "one section", "BODY[1", ".1", "]" },
	{ "parentheses", NULL, "(", NULL },
	{ "fields", "BODY[HEADER.FIELDS (a", " a", ")]" },
	{ "quoted fields", "BODY[HEADER.FIELDS (a", " \"\\\"\"", ")]" },
	{ "brackets", "BODY", "[", NULL },
	{ "a partial", "BODY[]<", "0", ".1>" },
	{ "flags", "(", "k# ", "a)" },
	{ "one flag again", "(", "a ", "a)" },
	{ "system flags", "(", "\\Seen ", "\\Seen)" },
	{ "sort keys", "(", "REVERSE DATE ", "DATE)" },
	{ "REVERSE", "(", "REVERSE ", "DATE)" },
	{ "modifiers", " (", "CHANGEDSINCE 1 ", "VANISHED)" },
	{ "QRESYNC", " (QRESYNC (1 1 1", ",#1", "))" },
	{ "QRESYNC matches", " (QRESYNC (1 1 1 (1", ",#1", " 1)))" },
	{ "a word", NULL, "A", NULL },
	{ "a quoted string", "\"", "a", "\"" },
	{ "escapes", "\"", "\\\\", "\"" },
	{ "digits", NULL, "9", NULL },
	{ "literal of all", "{1000000+}\r\n", "a", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input patterns[] = {
	{ "stars", NULL, "*a", NULL },
	{ "percents", NULL, "%a", NULL },
	{ "both", NULL, "%*", "b" },
	{ "stars of one letter", NULL, "a*", "b" },
	{ "hierarchy", NULL, "%/", "%" },
	{ "letters", NULL, "a", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input names[] = {
	{ "letters", NULL, "a", NULL },
	{ "shifts", NULL, "&-", NULL },
	{ "one run", "&", "AOQ", "-" },
	{ "runs", NULL, "&AOQ-", NULL },
	{ "open runs", NULL, "&", NULL },
	{ "characters", NULL, "\xc3\xa4", NULL },
	{ "characters between letters", NULL, "\xc3\xa4""a", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input texts[] = {
	{ "one letter", NULL, "a", NULL },
	{ "two letters", NULL, "ab", NULL },
	{ "steps", NULL, "aaaaaaab", NULL },
	{ "not ASCII", NULL, "\xc3\xa4", NULL },
	{ "encoded", NULL, "=?utf-8?q?a?= ", NULL },
	{ "fields", NULL, "a: aaaa\r\n", NULL },
	{ NULL, NULL, NULL, NULL },
};
/* The first letter chooses what the messages refer to. */
static const struct complexity_input threads[] = {
	{ "each refers to the last", "c", "x", NULL },
	{ "each refers to the next", "r", "x", NULL },
	{ "all refer to one", "s", "x", NULL },
	{ "rings of two", "l", "x", NULL },
	{ "a hundred references", "h", "x", NULL },
	{ "a hundred, backwards", "b", "x", NULL },
	{ "to each other at random", "z", "x", NULL },
	{ "parents that are not there", "p", "x", NULL },
	{ "one subject", "u", "x", NULL },
	{ "one id", "i", "x", NULL },
	{ "one date, falling numbers", "d", "x", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input views[] = {
	{ "rising", "r", "x", NULL },
	{ "expunged", "e", "x", NULL },
	{ "keywords", "k", "x", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct complexity_input structures[] = {
	{ "parts",
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
	    "--b\r\n\r\nx\r\n", NULL },
	{ "multiparts", NULL,
	    "Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n",
	    NULL },
	{ "messages", NULL, "Content-Type: message/rfc822\r\n\r\n", NULL },
	{ "addresses", "To: ", "a@b, ", "\r\n" },
	{ "groups", "To: ", "g:;", "\r\n" },
	{ "strings", "Subject: ", "\"\\", "\r\n" },
	{ "NULs and bytes", "Subject: ", "\x01\xff", "\r\n" },
	{ "parameters", "Content-Type: a/b", "; n#=\"\\\"\"", "\r\n" },
	{ NULL, NULL, NULL, NULL },
};
/* clang-format on */

static size_t
run_search(struct str in)
{
	static const struct searchkey_view view = { .seq = 1000000,
		.uid = 1000000 };
	struct arena *arena = arena_new(0);
	struct searchkey_program program;
	struct err err;
	size_t held;

	complexity_sink +=
	    (size_t)searchkey_parse(arena, &in, &view, &program, &err);
	held = arena_used(arena);
	arena_free(arena);
	return held;
}

static size_t
run_seqset(struct str in)
{
	struct arena *arena = arena_new(0);
	struct seqset set;
	struct buf out;
	struct err err;
	size_t held;

	buf_init(&out, 0);
	if (seqset_parse(&set, arena, &in, 1000000, &err) == 0)
		(void)seqset_put(&out, &set);
	held = arena_used(arena) + out.len;
	buf_clear(&out);
	arena_free(arena);
	return held;
}

static size_t
run_words(struct str in)
{
	struct arena *arena = arena_new(0);
	struct fetchatt_list list;
	struct imap_flags flags;
	struct sortkey_list sort;
	struct modifier_select select;
	struct modifier_fetch fetch;
	struct token_literal literal;
	struct str rest, word;
	struct err err;
	size_t held;

	rest = in;
	complexity_sink += (size_t)fetchatt_parse(arena, &rest, &list, &err);
	rest = in;
	complexity_sink += (size_t)imap_flags_parse(arena, &rest, &flags, &err);
	rest = in;
	complexity_sink += (size_t)sortkey_parse(&rest, &sort, &err);
	rest = in;
	complexity_sink +=
	    (size_t)modifier_parse_select(arena, &rest, &select, &err);
	rest = in;
	complexity_sink += (size_t)modifier_parse_fetch(&rest, &fetch, &err);
	rest = in;
	complexity_sink += (size_t)token_astring(arena, &rest, &word, &err);
	complexity_sink += (size_t)token_line_literal(in, &literal, &err);
	held = arena_used(arena);
	arena_free(arena);
	return held;
}

/* Against a name of as many letters as a mailbox's may have. */
static size_t
run_pattern(struct str in)
{
	char name[MAILBOX];
	struct listpat pat;
	struct err err;

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = "aaaaaaa/"[i % 8];
	if (listpat_init(&pat, in, '/', &err) == 0)
		complexity_sink +=
		    listpat_match(&pat, str_make(name, sizeof(name)), 5);
	return 0;
}

/* The other way round: one pattern, names that grow. */
static size_t
run_matched(struct str in)
{
	struct listpat pat;
	struct err err;

	if (listpat_init(&pat, STR("*a*a*a*a*a*a*a*a*b"), '/', &err) == 0)
		complexity_sink += listpat_match(&pat, in, 5);
	return 0;
}

static size_t
run_name(struct str in)
{
	struct buf out;
	struct err err;
	size_t held;

	buf_init(&out, 0);
	complexity_sink += (size_t)utf7_decode(&out, in, &err);
	complexity_sink += (size_t)utf7_encode(&out, in, &err);
	held = out.len;
	buf_clear(&out);
	return held;
}

/* The half of in behind a letter that is not there is sought in all of it. */
static size_t
run_text(struct str in)
{
	struct arena *arena = arena_new(0);
	struct str text = str_sub(in, 0, in.len / 2);
	struct search_needle *needle = search_needle_new(arena,
	    arena_str(arena, str_make(in.p, in.len / 2)));
	struct search_room room;
	char *other = arena_cstr(arena, text);
	size_t held;

	/* the same but for its first letter: found nowhere */
	other[0] = 'z';
	needle = search_needle_new(arena, str_make(other, text.len));
	search_room_init(&room);
	complexity_sink += search_utf8(&room, needle, in);
	complexity_sink += search_value(&room, needle, in);
	complexity_sink += search_header(&room, needle, in);
	held = arena_used(arena);
	search_room_clear(&room);
	arena_free(arena);
	return held;
}

/* What message i of count refers to, in the order of its References. */
static size_t
refer(uint64_t *ref, char shape, size_t i, size_t count)
{
	size_t n = 0;

	switch (shape) {
	case 'c':
		ref[n++] = i;
		break;
	case 'r':
		ref[n++] = i + 2;
		break;
	case 's':
		ref[n++] = 1;
		break;
	case 'l':
		ref[n++] = (i ^ 1) + 1;
		break;
	case 'h':
		for (size_t k = 0; k < 100; k++)
			ref[n++] = (i + k) % count + 1;
		break;
	case 'b':
		for (size_t k = 100; k > 0; k--)
			ref[n++] = (i + k) % count + 1;
		break;
	case 'z':
		for (size_t k = 0; k < 10; k++)
			ref[n++] = (i * 2654435761u + k * 40503) % count + 1;
		break;
	case 'p':
		for (size_t k = 0; k < 10; k++)
			ref[n++] = ((uint64_t)1 << 40) + i * 10 + k;
		break;
	default:
		break;
	}
	return n;
}

static size_t
run_thread(struct str in)
{
	char shape = in.p[0];
	size_t count = in.len / MESSAGE_BYTES + 1, refs = 0;
	struct thread_message *message = xcalloc(count, sizeof(*message));
	uint64_t *ref = xcalloc(count * 100, sizeof(*ref));
	struct buf out;
	size_t held;

	for (size_t i = 0; i < count; i++) {
		struct thread_message *one = &message[i];

		one->ref = refs;
		one->refs = refer(ref + refs, shape, i, count);
		refs += one->refs;
		one->id = (shape == 'i' ? 1 : i + 1) * 0x9e3779b97f4a7c15u;
		one->subject = shape == 'u' ? 7 : i * 0x9e3779b97f4a7c15u + 1;
		one->number = (uint32_t)(shape == 'd' ? count - i : i + 1);
		one->date = shape == 'd' ? 7 : (int64_t)(count - i);
		one->is_reply = i % 2 == 1;
	}
	for (size_t i = 0; i < refs; i++)
		ref[i] *= 0x9e3779b97f4a7c15u;
	buf_init(&out, 0);
	thread_by_references(&out, message, count, ref);
	thread_by_subject(&out, message, count);
	held = out.len;
	buf_clear(&out);
	free(ref);
	free(message);
	return held;
}

static void
expunged(void *ctx, size_t seq, uint32_t uid)
{
	*(size_t *)ctx += seq + uid;
}

static size_t
run_view(struct str in)
{
	char shape = in.p[0];
	size_t count = in.len / MESSAGE_BYTES + 1, sum = 0, held;
	struct view view = { 0 };
	struct buf out;

	for (size_t i = 0; i < count; i++)
		(void)view_insert(&view, (uint32_t)i + 1, 0,
		    shape == 'k' ? i : 0, false);
	for (size_t i = 0; shape == 'e' && i < count; i += 2)
		view_mark(&view, i, VIEW_EXPUNGED, true);
	buf_init(&out, 0);
	view_pack_flags(&out, &view);
	view_pack_expunged(&out, &view);
	view_expunge(&view, expunged, &sum);
	complexity_sink += sum;
	held = out.len + view.cap * sizeof(*view.message);
	buf_clear(&out);
	view_clear(&view);
	return held;
}

static size_t
run_structure(struct str in)
{
	struct arena *arena = arena_new(0);
	struct mime_envelope envelope = { 0 };
	struct mime_part *root;
	struct buf out;
	struct err err;
	size_t held;

	buf_init(&out, 0);
	if (mime_part_parse(&root, &envelope, arena, in, &mime_default_limits,
		&err) == 0) {
		(void)bodystructure_put(&out, root, true);
		(void)envelope_put(&out, &envelope);
	}
	held = out.len;
	buf_clear(&out);
	arena_free(arena);
	return held;
}

const struct complexity_row complexity_imap[] = {
	{ "SEARCH keys", run_search, COMMAND, searches, LINEAR },
	{ "sequence sets", run_seqset, COMMAND, searches, LINEAR },
	{ "FETCH, STORE, SORT words", run_words, COMMAND, fetches, LINEAR },
	{ "LIST patterns", run_pattern, LISTPAT_MAX, patterns, LINEAR },
	{ "names under a LIST pattern", run_matched, COMMAND, patterns,
	    LINEAR },
	{ "UTF-7", run_name, COMMAND, names, LINEAR },
	{ "SEARCH text", run_text, COMMAND / 4, texts, LINEAR },
	{ "THREAD", run_thread, THREADS, threads, SORTS },
	{ "views", run_view, 0, views, LINEAR },
	{ "ENVELOPE and BODYSTRUCTURE", run_structure, 0, structures, LINEAR },
	{ NULL, NULL, 0, NULL, LINEAR },
};
