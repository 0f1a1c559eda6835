/* Lists of rights: their letters, their rows, and what they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "store/acl.h"
#include "store/rights.h"

#define OWNER STR("ada@a.test")

static void
letters_become_rights_and_come_back(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "lrswipkxtea", "lrswipkxtecda" },
		{ "aetxkpiwsrl", "lrswipkxtecda" },
		{ "l", "l" },
		{ "x", "xc" },
		{ "k", "kc" },
		{ "t", "td" },
		{ "e", "ed" },
		{ "c", "kxc" },
		{ "d", "ted" },
		{ "rr", "r" },
		{ "lrQ", NULL },
		{ "lrq", NULL },
		{ "0", NULL },
		{ "l r", NULL },
		{ "+l", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		uint32_t rights;
		struct buf out;
		struct err err;
		int ret =
		    store_rights_parse(&rights, str_of(cases[i].in), &err);

		assert_int_equal(ret, cases[i].out == NULL ? -1 : 0);
		if (ret < 0) {
			assert_int_equal(err.kind, ERR_SYNTAX);
			continue;
		}
		buf_init(&out, 0);
		store_rights_put(&out, rights);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		assert_true(out.len < STORE_RIGHTS_TEXT);
		buf_clear(&out);
	}
}

static void
identifiers_have_one_form(void **state)
{
	static const struct {
		const char *in, *out;
		bool denied;
	} cases[] = {
		{ "anyone", "@a.test", false },
		{ "ANYONE", "@a.test", false },
		{ "-anyone", "@a.test", true },
		{ "bob", "bob@a.test", false },
		{ "Bob@B.test", "bob@b.test", false },
		{ "-bob", "bob@a.test", true },
		{ "--bob", "-bob@a.test", true },
		{ "group:sales", "group:sales@a.test", false },
		{ "$Sales", "group:sales@a.test", false },
		{ "-$sales@b.test", "group:sales@b.test", true },
		{ "@b.test", "@b.test", false },
		{ "", NULL, false },
		{ "-", NULL, false },
		{ "$", NULL, false },
		{ "group:", NULL, false },
		{ "@", NULL, false },
		{ "a\tb", NULL, false },
		{ "a\xff", NULL, false },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str identity;
		struct err err;
		bool denied;
		int ret = store_identity_parse(&identity, &denied,
		    str_of(cases[i].in), OWNER, arena, &err);

		assert_int_equal(ret, cases[i].out == NULL ? -1 : 0);
		if (ret < 0)
			continue;
		assert_true(str_eqz(identity, cases[i].out));
		assert_int_equal(denied, cases[i].denied);
	}
	assert_true(
	    str_eqz(store_identity_shown(STR("@a.test"), OWNER), "anyone"));
	assert_true(
	    str_eqz(store_identity_shown(STR("@b.test"), OWNER), "@b.test"));
	arena_free(arena);
}

/* A list written as "identifier=rights ...", for OWNER's mailbox. */
static void
write_list(struct buf *row, struct arena *arena, const char *text)
{
	struct str rest = str_of(text), word, rights;
	struct store_acl acl = { 0 };
	struct err err;

	while (str_split(&rest, ' ', &word)) {
		struct store_acl_entry entry = { .given = 0 };
		const struct store_acl_entry *old;
		uint32_t bits;
		bool denied;

		rights = word;
		assert_true(str_split(&rights, '=', &word));
		assert_int_equal(store_identity_parse(&entry.identity, &denied,
				     word, OWNER, arena, &err),
		    0);
		assert_int_equal(store_rights_parse(&bits, rights, &err), 0);
		old = store_acl_find(&acl, entry.identity);
		if (old != NULL)
			entry = *old;
		*(denied ? &entry.denied : &entry.given) = (uint16_t)bits;
		assert_int_equal(store_acl_set(&acl, &entry, &err), 0);
	}
	store_acl_encode(row, &acl);
}

static uint32_t
rights_of(struct arena *arena, struct str row, const char *who,
    const char *group)
{
	struct store_mbox mbox = { .owner = 1, .acl = row };
	struct str groups[] = { str_of(group) };
	struct store_who asks;
	struct err err;

	assert_int_equal(store_who_make(&asks, arena,
			     strcmp(who, "ada@a.test") == 0 ? 1 : 2,
			     str_of(who), groups, group == NULL ? 0 : 1, &err),
	    0);
	return store_rights(&mbox, &asks);
}

static void
rights_are_those_of_all_names_less_the_denied(void **state)
{
	static const struct {
		const char *list, *who, *group, *rights;
	} cases[] = {
		{ NULL, "ada@a.test", NULL, "lrswipkxtea" },
		{ NULL, "bob@a.test", NULL, "" },
		{ "bob=lr", "bob@a.test", NULL, "lr" },
		{ "bob=lr", "bob@b.test", NULL, "" },
		{ "bob=lr", "carl@a.test", NULL, "" },
		{ "bob=lr", "ada@a.test", NULL, "la" },
		{ "ada=lrs bob=lr", "ada@a.test", NULL, "lrsa" },
		{ "ada=lrs -ada=la", "ada@a.test", NULL, "lrsa" },
		{ "anyone=l bob=r", "bob@a.test", NULL, "lr" },
		{ "anyone=l", "bob@b.test", NULL, "" },
		{ "@b.test=l", "bob@b.test", NULL, "l" },
		{ "$g=i bob=r anyone=l", "bob@a.test", "g@a.test", "lri" },
		{ "$g=i bob=r", "bob@a.test", "g@b.test", "r" },
		{ "bob=lrsw -bob=w", "bob@a.test", NULL, "lrs" },
		{ "$g=lrsw -bob=w", "bob@a.test", "g@a.test", "lrs" },
		{ "bob=lrsw -$g=w", "bob@a.test", "g@a.test", "lrs" },
		{ "bob=lrsw -$g=w", "bob@a.test", NULL, "lrsw" },
		{ "bob=lrsw -anyone=lrswipkxtea", "bob@a.test", NULL, "" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		uint32_t want;
		struct buf row;
		struct err err;

		buf_init(&row, 0);
		if (cases[i].list != NULL)
			write_list(&row, arena, cases[i].list);
		assert_int_equal(
		    store_rights_parse(&want, str_of(cases[i].rights), &err),
		    0);
		if (rights_of(arena, buf_str(&row), cases[i].who,
			cases[i].group) != want)
			fail_msg("case %zu", i);
		buf_clear(&row);
	}
	arena_free(arena);
}

static void
an_empty_list_is_not_no_list(void **state)
{
	struct store_acl acl;
	struct buf row;
	struct err err;

	(void)state;
	assert_int_equal(store_acl_decode(&acl, STR(""), OWNER, &err), 0);
	assert_int_equal(acl.count, 1);
	assert_int_equal(acl.entry[0].given, STORE_RIGHTS_ALL);
	assert_int_equal(
	    store_acl_set(&acl, &(struct store_acl_entry){ OWNER, 0, 0 }, &err),
	    0);
	assert_int_equal(acl.count, 0);
	buf_init(&row, 0);
	store_acl_encode(&row, &acl);
	assert_true(row.len > 0);
	assert_int_equal(store_acl_decode(&acl, buf_str(&row), OWNER, &err), 0);
	assert_int_equal(acl.count, 0);
	buf_clear(&row);
	assert_int_equal(
	    store_acl_decode(&acl, STR(""), STR("shared:@a.test"), &err), 0);
	assert_int_equal(acl.count, 0);
}

static void
damaged_lists_give_nothing(void **state)
{
	struct arena *arena = arena_new(0);
	struct store_acl acl;
	struct buf row;
	struct err err;

	(void)state;
	buf_init(&row, 0);
	write_list(&row, arena, "anyone=lr bob=lr carl=lr");
	for (size_t len = 1; len < row.len; len++) {
		struct str cut = str_make(row.p, len);

		if (store_acl_decode(&acl, cut, OWNER, &err) == 0)
			continue; /* between two entries */
		assert_int_equal(err.kind, ERR_CORRUPT);
		assert_int_equal(acl.count, 0);
		assert_int_equal(rights_of(arena, cut, "bob@a.test", NULL), 0);
	}
	row.p[0]++; /* the version */
	assert_int_equal(store_acl_decode(&acl, buf_str(&row), OWNER, &err),
	    -1);
	assert_int_equal(rights_of(arena, buf_str(&row), "bob@a.test", NULL),
	    0);
	buf_clear(&row);
	arena_free(arena);
}

static void
a_list_has_an_end(void **state)
{
	struct store_acl acl = { 0 };
	struct store_acl_entry entry = { .given = STORE_RIGHT_LOOKUP };
	char name[STORE_ACL_MAX + 1][16];
	struct buf row;
	struct err err;

	(void)state;
	for (int i = 0; i <= STORE_ACL_MAX; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "u%d@a.test",
		    STORE_ACL_MAX - i);
		entry.identity = str_of(name[i]);
		assert_int_equal(store_acl_set(&acl, &entry, &err),
		    i < STORE_ACL_MAX ? 0 : -1);
	}
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(acl.count, STORE_ACL_MAX);
	entry.identity = str_of(name[0]);
	assert_int_equal(store_acl_set(&acl, &entry, &err), 0);
	buf_init(&row, 0);
	store_acl_encode(&row, &acl);
	assert_int_equal(store_acl_decode(&acl, buf_str(&row), OWNER, &err), 0);
	assert_int_equal(acl.count, STORE_ACL_MAX);
	buf_clear(&row);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_become_rights_and_come_back),
		cmocka_unit_test(identifiers_have_one_form),
		cmocka_unit_test(rights_are_those_of_all_names_less_the_denied),
		cmocka_unit_test(an_empty_list_is_not_no_list),
		cmocka_unit_test(damaged_lists_give_nothing),
		cmocka_unit_test(a_list_has_an_end),
	};

	return cmocka_run_group_tests_name("store/acl", tests, NULL, NULL);
}
