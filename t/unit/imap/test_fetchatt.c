#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imap/fetchatt.h"

enum { ARENA = 1 << 20 };

/* The names the answer would have, with a "!" behind what sets \Seen. */
static void
put_names(struct buf *out, const struct fetchatt_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct fetchatt *item = &list->item[i];

		if (i > 0)
			(void)buf_addc(out, ' ');
		assert_int_equal(fetchatt_put_name(out, item), 0);
		if (item->kind >= FETCHATT_SECTION && !item->peek)
			(void)buf_addc(out, '!');
	}
}

static void
parses_what_the_grammar_allows(void **state)
{
	static const struct {
		const char *in, *names, *rest;
	} cases[] = {
		{ "FLAGS", "FLAGS", "" },
		{ "BODYSTRUCTURE[]", "BODYSTRUCTURE", "[]" },
		{ "flags x", "FLAGS", " x" },
		{ "FAST", "FLAGS INTERNALDATE RFC822.SIZE", "" },
		{ "all", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE", "" },
		{ "FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY", "" },
		{ "(UID BODY BODYSTRUCTURE)x", "UID BODY BODYSTRUCTURE", "x" },
		{ "(RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE)",
		    "RFC822! RFC822.HEADER RFC822.TEXT! RFC822.SIZE", "" },
		{ "BODY[]", "BODY[]!", "" },
		{ "BODY.PEEK[]", "BODY[]", "" },
		{ "body.peek[text]<0.1>", "BODY[TEXT]<0>", "" },
		{ "BODY[]<4294967295.4294967295>", "BODY[]<4294967295>!", "" },
		{ "BODY[HEADER]", "BODY[HEADER]!", "" },
		{ "BODY[1]", "BODY[1]!", "" },
		{ "BODY[1.2.3.MIME]", "BODY[1.2.3.MIME]!", "" },
		{ "BODY[4.1.HEADER]", "BODY[4.1.HEADER]!", "" },
		{ "BODY[2.TEXT]", "BODY[2.TEXT]!", "" },
		{ "BINARY[1.2]", "BINARY[1.2]!", "" },
		{ "binary.peek[]<3.9>", "BINARY[]<3>", "" },
		{ "BINARY.SIZE[2]", "BINARY.SIZE[2]", "" },
		{ "(EMAILID THREADID SAVEDATE MODSEQ)",
		    "EMAILID THREADID SAVEDATE MODSEQ", "" },
		{ "BODY.PEEK[HEADER.FIELDS (To \"X Y\")]",
		    "BODY[HEADER.FIELDS (To \"X Y\")]", "" },
		{ "BODY.PEEK[1.HEADER.FIELDS.NOT (a {1}\r\nb)]<3.9>",
		    "BODY[1.HEADER.FIELDS.NOT (a b)]<3>", "" },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct fetchatt_list list;
		struct buf out;
		struct err err;

		buf_init(&out, 200);
		assert_int_equal(fetchatt_parse(arena, &in, &list, &err), 0);
		put_names(&out, &list);
		assert_string_equal(buf_cstr(&out), cases[i].names);
		assert_true(str_eqz(in, cases[i].rest));
		buf_clear(&out);
		arena_reset(arena);
	}
	arena_free(arena);
}

static void
stops_at_what_it_cannot_accept(void **state)
{
	static const struct {
		const char *in;
		size_t at;
	} cases[] = {
		{ "", 0 },
		{ "X", 0 },
		{ "(", 1 },
		{ "()", 1 },
		{ "(FLAGS", 6 },
		{ "(FLAGS  UID)", 7 },
		{ "(ALL)", 1 },
		{ "(FLAGS FAST)", 7 },
		{ "FLAGSX", 0 },
		{ "RFC822.MIME", 0 },
		{ "BODY.PEEK", 9 },
		{ "BODY[", 5 },
		{ "BODY[0]", 5 },
		{ "BODY[1", 6 },
		{ "BODY[1.]", 7 },
		{ "BODY[1.0]", 7 },
		{ "BODY[1.X]", 7 },
		{ "BODY[01]", 5 },
		{ "BODY[4294967296]", 5 },
		{ "BODY[MIME]", 5 },
		{ "BODY[HEADERX]", 11 },
		{ "BODY[HEADER.FIELDS]", 18 },
		{ "BODY[HEADER.FIELDS ()]", 20 },
		{ "BODY[HEADER.FIELDS (To]", 23 },
		{ "BODY[HEADER.FIELDS (To ]", 24 },
		{ "BODY[]<", 7 },
		{ "BODY[]<1>", 8 },
		{ "BODY[]<1.0>", 9 },
		{ "BODY[]<1.2", 10 },
		{ "BODY[]<-1.2>", 7 },
		{ "BINARY", 6 },
		{ "BINARY[TEXT]", 7 },
		{ "BINARY[1.MIME]", 8 },
		{ "BINARY.SIZE", 11 },
	};
	struct arena *arena = arena_new(ARENA);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str in = str_of(cases[i].in);
		struct fetchatt_list list;
		struct err err;

		assert_int_equal(fetchatt_parse(arena, &in, &list, &err), -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		assert_ptr_equal(in.p, cases[i].in + cases[i].at);
		arena_reset(arena);
	}
	arena_free(arena);
}

/* "(" word * count separated by sep, then end */
static int
parse_many(const char *begin, const char *word, const char *sep,
    const char *end, int count)
{
	struct arena *arena = arena_new(ARENA);
	struct fetchatt_list list;
	struct buf text;
	struct err err;
	struct str in;
	int ret;

	buf_init(&text, 0);
	(void)buf_addz(&text, begin);
	for (int i = 0; i < count; i++)
		(void)buf_addf(&text, "%s%s", i == 0 ? "" : sep, word);
	(void)buf_addz(&text, end);
	in = buf_str(&text);
	ret = fetchatt_parse(arena, &in, &list, &err);
	if (ret < 0)
		assert_int_equal(err.kind, ERR_LIMIT);
	buf_clear(&text);
	arena_free(arena);
	return ret;
}

static void
bounds_items_parts_and_fields(void **state)
{
	(void)state;
	assert_int_equal(parse_many("(", "UID", " ", ")", FETCHATT_MAX), 0);
	assert_int_equal(parse_many("(", "UID", " ", ")", FETCHATT_MAX + 1),
	    -1);
	assert_int_equal(parse_many("BODY[", "1", ".", "]", FETCHATT_PARTS_MAX),
	    0);
	assert_int_equal(
	    parse_many("BODY[", "1", ".", "]", FETCHATT_PARTS_MAX + 1), -1);
	assert_int_equal(parse_many("BODY[HEADER.FIELDS (", "To", " ", ")]",
			     FETCHATT_FIELDS_MAX),
	    0);
	assert_int_equal(parse_many("BODY[HEADER.FIELDS (", "To", " ", ")]",
			     FETCHATT_FIELDS_MAX + 1),
	    -1);
}

static void
keeps_sections_and_partials(void **state)
{
	struct arena *arena = arena_new(ARENA);
	struct str in = STR("BODY.PEEK[3.12.HEADER.FIELDS (a b)]<5.7>");
	struct fetchatt_list list;
	const struct fetchatt *item;
	struct err err;

	(void)state;
	assert_int_equal(fetchatt_parse(arena, &in, &list, &err), 0);
	assert_int_equal(list.len, 1);
	item = &list.item[0];
	assert_true(item->peek && item->partial);
	assert_int_equal(item->offset, 5);
	assert_int_equal(item->length, 7);
	assert_int_equal(item->section.parts, 2);
	assert_int_equal(item->section.part[0], 3);
	assert_int_equal(item->section.part[1], 12);
	assert_int_equal(item->section.text, FETCHATT_FIELDS);
	assert_int_equal(item->section.fields, 2);
	assert_true(str_eqz(item->section.field[1], "b"));
	assert_false(fetchatt_has(&list, FETCHATT_UID));
	assert_int_equal(fetchatt_add(arena, &list, FETCHATT_UID, &err), 0);
	assert_int_equal(fetchatt_add(arena, &list, FETCHATT_UID, &err), 0);
	assert_int_equal(list.len, 2);
	assert_true(fetchatt_has(&list, FETCHATT_UID));
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_the_grammar_allows),
		cmocka_unit_test(stops_at_what_it_cannot_accept),
		cmocka_unit_test(bounds_items_parts_and_fields),
		cmocka_unit_test(keeps_sections_and_partials),
	};

	return cmocka_run_group_tests_name("imap/fetchatt", tests, NULL, NULL);
}
