#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "store/keys.h"
#include "t/unit/assert_str.h"

static const char typical[] = "From: Ada <a@b>, x@y\r\n"
			      "To: group: c@d;\r\n"
			      "Subject: Re: [x] hi\r\n"
			      "Message-ID: <m@b>\r\n"
			      "Date: 1 Jan 1970 01:00:10 -0100\r\n"
			      "References: <a@b> <c@d>\r\n\r\nbody\r\n";

static void
has_what_the_digest_has(void **state)
{
	struct store_addresses walk;
	struct mime_address one;
	struct store_keys keys;
	struct buf digest;

	(void)state;
	buf_init(&digest, 0);
	store_digest_build(&digest, str_of(typical), NULL);
	assert_true(store_keys_decode(&keys, buf_str(&digest), STORE_KEYS_ALL));
	assert_true(keys.has_date && keys.is_reply);
	assert_int_equal(keys.date, 7210);
	assert_int_equal(keys.zone, -60);
	assert_str(keys.sent, "1 Jan 1970 01:00:10 -0100");
	assert_str(keys.subject, "Re: [x] hi");
	assert_str(keys.base_subject, "hi");
	assert_str(keys.message_id, "<m@b>");
	assert_str(keys.references, "<a@b> <c@d>");
	assert_null(keys.in_reply_to.p);

	store_addresses_begin(&walk, keys.list[MIME_FROM]);
	assert_true(store_addresses_next(&walk, &one));
	assert_str(one.name, "Ada");
	assert_str(one.mailbox, "a");
	assert_true(one.valid);
	assert_true(store_addresses_next(&walk, &one));
	assert_str(one.host, "y");
	assert_false(store_addresses_next(&walk, &one));

	store_addresses_begin(&walk, keys.list[MIME_TO]);
	assert_true(store_addresses_next(&walk, &one));
	assert_int_equal(one.kind, MIME_ADDRESS_GROUP);
	assert_true(store_addresses_next(&walk, &one));
	assert_str(one.mailbox, "c");
	assert_true(store_addresses_next(&walk, &one));
	assert_int_equal(one.kind, MIME_ADDRESS_GROUP_END);
	assert_false(store_addresses_next(&walk, &one));

	store_addresses_begin(&walk, keys.list[MIME_BCC]);
	assert_false(store_addresses_next(&walk, &one));
	buf_clear(&digest);
}

static void
reads_as_far_as_it_is_asked_to(void **state)
{
	struct store_keys keys, all;
	struct buf digest;

	(void)state;
	buf_init(&digest, 0);
	store_digest_build(&digest, str_of(typical), NULL);
	assert_true(store_keys_decode(&all, buf_str(&digest), STORE_KEYS_ALL));

	assert_true(
	    store_keys_decode(&keys, buf_str(&digest), STORE_KEYS_DATE));
	assert_true(keys.has_date && keys.is_reply);
	assert_int_equal(keys.date, all.date);
	assert_int_equal(keys.zone, all.zone);
	assert_null(keys.sent.p);

	assert_true(store_keys_decode(&keys, buf_str(&digest), STORE_KEYS_IDS));
	assert_ptr_equal(keys.subject.p, all.subject.p);
	assert_ptr_equal(keys.message_id.p, all.message_id.p);
	assert_null(keys.list[MIME_FROM].p);

	assert_true(
	    store_keys_decode(&keys, buf_str(&digest), STORE_KEYS_FROM));
	assert_ptr_equal(keys.list[MIME_FROM].p, all.list[MIME_FROM].p);
	assert_int_equal(keys.list[MIME_FROM].len, all.list[MIME_FROM].len);
	assert_null(keys.list[MIME_TO].p);
	assert_null(keys.references.p);
	buf_clear(&digest);
}

/* Cut anywhere before the structure it is refused, and nothing is read past. */
static void
refuses_what_is_cut_short(void **state)
{
	struct store_keys keys;
	struct buf digest;
	size_t good = 0;

	(void)state;
	buf_init(&digest, 0);
	store_digest_build(&digest, str_of(typical), NULL);
	for (size_t len = 0; len <= digest.len; len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, digest.p, len);
		if (store_keys_decode(&keys, str_make(copy, len),
			STORE_KEYS_ALL))
			good++;
		else
			assert_int_equal(good, 0);
		free(copy);
	}
	assert_true(good > 0);
	digest.p[0] = 99;
	assert_false(
	    store_keys_decode(&keys, buf_str(&digest), STORE_KEYS_ALL));
	buf_clear(&digest);
}

static void
threads_begin_at_the_first_id(void **state)
{
	static const struct str none = { NULL, 0 };
	struct arena *arena = arena_new(1 << 16);
	uint64_t a = store_thread_id(arena, none, none, STR("<a@x>"), 7);

	(void)state;
	assert_true(a ==
	    store_thread_id(arena, STR("<a@x> <b@x>"), STR("<c@x>"),
		STR("<d@x>"), 8));
	assert_true(a ==
	    store_thread_id(arena, none, STR("you <\"a\"@x>"), STR("<d@x>"),
		8));
	assert_true(a != store_thread_id(arena, none, none, STR("<b@x>"), 7));
	assert_int_equal(store_thread_id(arena, none, STR("?"), none, 7), 7);
	/* Clients keep these: the way they are made stays. */
	assert_true(a == 0x48f327e18517c434u);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_what_the_digest_has),
		cmocka_unit_test(reads_as_far_as_it_is_asked_to),
		cmocka_unit_test(refuses_what_is_cut_short),
		cmocka_unit_test(threads_begin_at_the_first_id),
	};

	return cmocka_run_group_tests_name("store/keys", tests, NULL, NULL);
}
