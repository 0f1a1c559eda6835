/* Names of mailboxes as users see them, taken apart and made again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "store/share.h"

static const struct str names[] = { { "bob@a.test", 10 }, { "@a.test", 7 } };
static const struct store_who bob = { 2, { "bob@a.test", 10 }, names, 2 };

static void
a_name_says_whose_mailbox_it_is(void **state)
{
	static const struct {
		const char *text;
		enum store_path_kind kind;
		const char *owner, *name; /* owner: of others */
	} cases[] = {
		{ "", STORE_PATH_OWN, "", "" },
		{ "inbox", STORE_PATH_OWN, "", "INBOX" },
		{ "a/b", STORE_PATH_OWN, "", "a/b" },
		{ "Sharedx", STORE_PATH_OWN, "", "Sharedx" },
		{ "shared/x", STORE_PATH_OWN, "", "shared/x" },
		{ "Other Usersx/y", STORE_PATH_OWN, "", "Other Usersx/y" },
		{ "Shared", STORE_PATH_NODE, "", "" },
		{ "Shared/", STORE_PATH_NODE, "", "" },
		{ "Shared/x", STORE_PATH_OTHER, "shared:@a.test", "x" },
		{ "Shared/inbox", STORE_PATH_OTHER, "shared:@a.test", "inbox" },
		{ "Other Users", STORE_PATH_NODE, "", "" },
		{ "Other Users/", STORE_PATH_NODE, "", "" },
		{ "Other Users/a@b", STORE_PATH_NODE, "", "" },
		{ "Other Users/a@b/", STORE_PATH_NODE, "", "" },
		{ "Other Users//x", STORE_PATH_NODE, "", "" },
		{ "Other Users/a@b/inbox", STORE_PATH_OTHER, "a@b", "INBOX" },
		{ "Other Users/A@B/x/y", STORE_PATH_OTHER, "a@b", "x/y" },
		{ "Other Users/a%2fb%25@b/x", STORE_PATH_OTHER, "a/b%@b", "x" },
		{ "Other Users/a%@b/x", STORE_PATH_NODE, "", "" },
		{ "Other Users/a%2@b/x", STORE_PATH_NODE, "", "" },
		{ "Other Users/a\xff/x", STORE_PATH_NODE, "", "" },
		{ "Other Users/bob@a.test/x", STORE_PATH_OWN, "", "x" },
		{ "Other Users/BOB@a.test/inbox", STORE_PATH_OWN, "", "INBOX" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct store_path path;

		store_path_parse(&path, str_of(cases[i].text), &bob);
		if (path.kind != cases[i].kind ||
		    !str_eqz(path.name, cases[i].name))
			fail_msg("%s", cases[i].text);
		if (path.kind == STORE_PATH_OTHER)
			assert_string_equal(path.owner, cases[i].owner);
	}
}

static void
an_owner_has_at_most_so_many_bytes(void **state)
{
	char text[sizeof(STORE_OTHERS) + STORE_USER_MAX + 8];
	size_t at = sizeof(STORE_OTHERS);
	struct store_path path;

	(void)state;
	for (size_t len = STORE_USER_MAX; len <= STORE_USER_MAX + 1; len++) {
		memcpy(text, STORE_OTHERS "/", at);
		memset(text + at, 'a', len);
		memcpy(text + at + len, "/x", 3);
		store_path_parse(&path, str_of(text), &bob);
		assert_int_equal(path.kind,
		    len == STORE_USER_MAX ? STORE_PATH_OTHER : STORE_PATH_NODE);
	}
}

static void
what_is_put_together_comes_apart_again(void **state)
{
	static const struct {
		const char *owner, *name, *text;
	} cases[] = {
		{ "shared:@a.test", "x/y", "Shared/x/y" },
		{ "shared:@b.test", "x", "Other Users/shared:@b.test/x" },
		{ "a@b", "INBOX", "Other Users/a@b/INBOX" },
		{ "a/%@b", "x", "Other Users/a%2F%25@b/x" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct store_path path;
		struct buf out;

		buf_init(&out, 0);
		store_path_put(&out, str_of(cases[i].owner),
		    str_of(cases[i].name), &bob);
		assert_string_equal(buf_cstr(&out), cases[i].text);
		store_path_parse(&path, buf_str(&out), &bob);
		assert_int_equal(path.kind, STORE_PATH_OTHER);
		assert_string_equal(path.owner, cases[i].owner);
		assert_true(str_eqz(path.name, cases[i].name));
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_says_whose_mailbox_it_is),
		cmocka_unit_test(an_owner_has_at_most_so_many_bytes),
		cmocka_unit_test(what_is_put_together_comes_apart_again),
	};

	return cmocka_run_group_tests_name("store/share", tests, NULL, NULL);
}
