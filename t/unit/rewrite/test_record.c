#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ipc/rewrite_msg.h"
#include "rewrite/record.h"

/* What stands in an answer must fit there: encoding it would be a panic. */
static void
takes_no_value_longer_than_an_answer_does(void **state)
{
	static const struct {
		const char *name;
		size_t max;
	} cases[] = {
		{ "mail", REWRITE_ADDRESS_MAX },
		{ "mailboxOwner", REWRITE_ADDRESS_MAX },
		{ "mailPartition", REWRITE_NAME_MAX },
		{ "mailTransport", REWRITE_NAME_MAX },
		{ "mailNextHop", REWRITE_ADDRESS_MAX },
		{ "mailMailbox", REWRITE_MAILBOX_MAX },
	};
	char text[1000];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct str class = STR("mailUser"), value;
		struct ldap_attr attr[] = { { STR("objectClass"), &class, 1 },
			{ str_of(cases[i].name), &value, 1 } };
		struct ldap_entry entry = { STR("x"), attr, 2 };
		struct record *record;

		value = str_make(text, cases[i].max);
		record = record_of_address(&entry, 1, STR("x"));
		assert_non_null(record);
		record_unref(record);
		value.len++;
		assert_null(record_of_address(&entry, 1, STR("x")));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_no_value_longer_than_an_answer_does),
	};

	return cmocka_run_group_tests_name("rewrite/record", tests, NULL, NULL);
}
