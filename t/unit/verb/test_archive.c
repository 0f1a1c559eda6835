#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "store/format.h"
#include "verb/maildir.h"
#include "verb/mbox.h"

#define FROM "From a@b Thu Jan  1 00:00:10 1970\n"

static const struct str bodies[] = {
	{ "a", 1 },
	{ "\n", 1 },
	{ "\r", 1 },
	{ "\r\n", 2 },
	{ "\n\n", 2 },
	{ "\r\n\r\n", 4 },
	{ "\n\r\n", 3 },
	{ "\r\n\r", 3 },
	{ "x\r\r\n", 4 },
	{ "From x 10:00\r\n", 14 },
	{ ">From x\r\n>>From y\r\nFrom", 23 },
	{ "a\r\n\r\nFrom b 10:00\r\n\r\n", 22 },
	{ "a\n\nFrom b 10:00\n\n", 17 },
	{ "Status: RO\r\nX-Status: F\r\n\r\nx\r\n", 31 },
	{ "X-Chancery: 1; size=1\r\n\r\n", 25 },
};

static void
mboxes_come_back(void **state)
{
	struct archive_message message, found;
	struct buf file, out;
	struct err err;
	size_t scanned = 0, len;
	struct str rest;

	(void)state;
	buf_init(&file, 0);
	buf_init(&out, 0);
	for (size_t i = 0; i < NELEMS(bodies); i++) {
		message = (struct archive_message){ .bytes = bodies[i],
			.flags = (uint16_t)(i % 32),
			.internal = (int64_t)i - 3,
			.keywords = i % 3,
			.keyword = { STR("a;b"), STR("$Forwarded") } };
		mbox_put(&file, &message);
	}
	rest = buf_str(&file);
	for (size_t i = 0; i < NELEMS(bodies); i++) {
		assert_int_equal(mbox_next(rest, true, &scanned, &len), 1);
		assert_int_equal(mbox_parse(&out, str_sub(rest, 0, len), false,
				     &found, &err),
		    0);
		assert_int_equal(found.bytes.len, bodies[i].len);
		assert_memory_equal(found.bytes.p, bodies[i].p, bodies[i].len);
		assert_int_equal(found.flags, i % 32);
		assert_int_equal(found.internal, (int64_t)i - 3);
		assert_int_equal(found.keywords, i % 3);
		if (found.keywords > 0)
			assert_true(str_eqz(found.keyword[0], "a;b"));
		str_skip(&rest, len);
		scanned = 0;
	}
	assert_int_equal(rest.len, 0);
	buf_clear(&file);
	buf_clear(&out);
}

/* However the bytes come in, the same messages come out. */
static void
pieces_make_no_difference(void **state)
{
	static const char file[] =
	    FROM "a\n\nFrom here\n\n" FROM "b\n\n" FROM "From x\n" FROM "\n";
	struct str all = str_make(file, sizeof(file) - 1), rest;
	size_t whole[8] = { 0 }, count = 0, scanned = 0, len;

	(void)state;
	rest = all;
	while (mbox_next(rest, true, &scanned, &len) > 0) {
		whole[count++] = len;
		str_skip(&rest, len);
		scanned = 0;
	}
	assert_int_equal(count, 3);
	for (size_t piece = 1; piece < 50; piece++) {
		size_t have = 0, at = 0, n = 0;

		scanned = 0;
		while (at < all.len) {
			have = have + piece < all.len ? have + piece : all.len;
			while (at < all.len &&
			    mbox_next(str_sub(all, at, have), have == all.len,
				&scanned, &len) > 0) {
				assert_int_equal(len, whole[n++]);
				at += len;
				scanned = 0;
			}
		}
		assert_int_equal(n, count);
	}
}

static void
reads_what_others_write(void **state)
{
	static const struct {
		const char *raw;
		bool is_mboxo;
		const char *bytes;
		uint16_t flags;
		int64_t internal;
	} cases[] = {
		{ FROM "\n", false, "\r\n", 0, 10 },
		{ FROM, false, "", 0, 10 },
		{ FROM "a\n\n", false, "a\r\n", 0, 10 },
		{ FROM "a\r\n\r\n", false, "a\r\n", 0, 10 },
		{ FROM "Status: RO\nX-Status: AFTD\n\nx\n\n", false,
		    "Status: RO\r\nX-Status: AFTD\r\n\r\nx\r\n",
		    STORE_FLAGS_ALL, 10 },
		{ FROM "\nStatus: RO\n\n", false, "\r\nStatus: RO\r\n", 0, 10 },
		{ FROM ">From\n>From \n>>From x\n", false,
		    ">From\r\nFrom \r\n>From x\r\n", 0, 10 },
		{ FROM ">From \n>>From x\n", true, "From \r\n>>From x\r\n", 0,
		    10 },
		{ "From who knows 10:00\na\n", false, "a\r\n", 0, INT64_MIN },
		/* not quite ours */
		{ FROM "X-Chancery: 2; size=1; eol=crlf; date=5; flags=S; "
		       "keywords=\n\n",
		    false,
		    "X-Chancery: 2; size=1; eol=crlf; date=5; flags=S; "
		    "keywords=\r\n",
		    0, 10 },
		{ FROM "X-Chancery: 1; size=9999; eol=crlf; date=5; flags=S; "
		       "keywords=\nx\n",
		    false, "x\r\n", STORE_FLAG_SEEN, 5 },
		{ FROM "X-Chancery: 1; size=1; eol=as-is; date=x; flags=; "
		       "keywords=\nStatus: O\nX-Status: \nx\n",
		    false, "x", 0, INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct archive_message message;
		struct buf out;
		struct err err;

		buf_init(&out, 0);
		assert_int_equal(mbox_parse(&out, str_of(cases[i].raw),
				     cases[i].is_mboxo, &message, &err),
		    0);
		if (!str_eqz(message.bytes, cases[i].bytes))
			fail_msg("%zu: %" STR_F, i, STR_A(message.bytes));
		assert_int_equal(message.flags, cases[i].flags);
		assert_int_equal(message.internal, cases[i].internal);
		buf_clear(&out);
	}
}

static void
no_separator_no_message(void **state)
{
	static const char *const cases[] = { "", "\n", "from a 10:00\n",
		"From \n", "From a 1000\n", ">From a 10:00\n",
		"From a 10:0\n" };

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct archive_message message;
		struct buf out;
		struct err err;

		buf_init(&out, 0);
		assert_int_equal(
		    mbox_parse(&out, str_of(cases[i]), false, &message, &err),
		    -1);
		assert_int_equal(err.kind, ERR_SYNTAX);
		buf_clear(&out);
	}
}

static void
maildirs_come_back(void **state)
{
	struct buf out, name, back;

	(void)state;
	buf_init(&out, 0);
	buf_init(&name, 0);
	buf_init(&back, 0);
	for (size_t i = 0; i < NELEMS(bodies); i++) {
		struct archive_message message = { .bytes = bodies[i],
			.flags = (uint16_t)(i * 3 % 32) };
		struct maildir_name parsed;
		struct str bytes;

		maildir_write(&out, &name, STR("1.U2.x"), &message,
		    1U << 25 | (uint32_t)i);
		maildir_parse_name(&parsed, buf_str(&name));
		assert_true(str_eqz(parsed.base, "1.U2.x"));
		assert_int_equal(parsed.flags, message.flags);
		assert_int_equal(parsed.letters, 1U << 25 | (uint32_t)i);
		maildir_read(&back, &parsed, buf_str(&out), &bytes);
		assert_int_equal(bytes.len, bodies[i].len);
		assert_memory_equal(bytes.p, bodies[i].p, bytes.len);
	}
	buf_clear(&out);
	buf_clear(&name);
	buf_clear(&back);
}

static void
names_of_others_are_read(void **state)
{
	static const struct {
		const char *name, *base;
		uint64_t size;
		uint16_t flags;
		uint32_t letters;
	} cases[] = {
		{ "", "", UINT64_MAX, 0, 0 },
		{ "1.x.host", "1.x.host", UINT64_MAX, 0, 0 },
		{ "1.x:2,FSaz", "1.x", UINT64_MAX,
		    STORE_FLAG_FLAGGED | STORE_FLAG_SEEN, 1U | 1U << 25 },
		{ "1.x,S=3,W=4:2,P!", "1.x", 4, 0, 0 },
		{ "1.x,W=:2,", "1.x,W=", UINT64_MAX, 0, 0 },
		{ "1.x,W=99999999999999999999999:2,",
		    "1.x,W=9999999999999999"
		    "9999999",
		    UINT64_MAX, 0, 0 },
	};
	struct str words[MAILDIR_LETTERS];

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct maildir_name name;

		maildir_parse_name(&name, str_of(cases[i].name));
		assert_true(str_eqz(name.base, cases[i].base));
		assert_int_equal(name.size, cases[i].size);
		assert_int_equal(name.flags, cases[i].flags);
		assert_int_equal(name.letters, cases[i].letters);
	}
	maildir_parse_keywords(
	    STR("0 $Forwarded\n25 z\n26 no\nx y\n1\n2 a b\n"), words);
	assert_true(str_eqz(words[0], "$Forwarded"));
	assert_true(str_eqz(words[25], "z") && words[1].p == NULL);
	assert_true(str_eqz(words[2], "a b")); /* no keyword; see importer.c */
}

static void
mailboxes_become_files(void **state)
{
	static const struct {
		const char *mailbox, *file;
	} cases[] = {
		{ "INBOX", "INBOX" },
		{ "Archive/2026", "Archive.2026" },
		{ "a.b/c", "a%2Eb.c" },
		{ "Gr\xc3\xbc\xc3\x9f", "Gr&APwA3w-" },
		{ "R&D %", "R&-D %25" },
		{ "..", "%2E%2E" },
		{ "~x", "%7Ex" },
	};
	char longest[STORE_NAME_MAX];
	struct buf file, back;
	struct err err;

	(void)state;
	buf_init(&file, 0);
	buf_init(&back, 0);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		buf_reset(&file);
		buf_reset(&back);
		archive_put_name(&file, str_of(cases[i].mailbox));
		assert_true(str_eqz(buf_str(&file), cases[i].file));
		assert_int_equal(archive_name(&back, buf_str(&file), &err), 0);
		assert_true(str_eqz(buf_str(&back), cases[i].mailbox));
	}
	memset(longest, 'x', sizeof(longest));
	buf_reset(&file);
	archive_put_name(&file, str_make(longest, sizeof(longest)));
	assert_true(file.len <= ARCHIVE_FILE_NAME);
	for (size_t i = 0; i < 3; i++) {
		static const char *const bad[] = { "", "a..b", "x%0Ay" };

		buf_reset(&back);
		assert_int_equal(archive_name(&back, str_of(bad[i]), &err), -1);
	}
	buf_clear(&file);
	buf_clear(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mboxes_come_back),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(reads_what_others_write),
		cmocka_unit_test(no_separator_no_message),
		cmocka_unit_test(maildirs_come_back),
		cmocka_unit_test(names_of_others_are_read),
		cmocka_unit_test(mailboxes_become_files),
	};

	return cmocka_run_group_tests_name("verb/archive", tests, NULL, NULL);
}
