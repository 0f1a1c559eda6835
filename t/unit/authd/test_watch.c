#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "authd/watch.h"

enum { NOW = 1800000000 };

/* An entry of these attributes, a value each; name NULL ends them. */
static bool
void_of(const char *const *word, char name[TICKET_NAME_MAX],
    struct auth_void *msg)
{
	struct str value[8];
	struct ldap_attr attr[8];
	struct ldap_entry entry = { STR("x"), attr, 0 };

	for (; word[0] != NULL; word += 2) {
		value[entry.count] = str_of(word[1]);
		attr[entry.count] = (struct ldap_attr){ str_of(word[0]),
			&value[entry.count], 1 };
		entry.count++;
	}
	return watch_void_of(&entry, NOW, name, msg);
}

static void
says_from_when_sessions_are_good(void **state)
{
	static const struct {
		const char *word[9];
		const char *user;
		uint64_t not_before;
	} cases[] = {
		{ { "mail", "a@x", NULL }, "a@x", 0 },
		{ { "mail", "a@x", "mailboxOwner", "B@X", NULL }, "b@x", 0 },
		{ { "mail", "a@x", "pwdChangedTime", "20270115080000Z", NULL },
		    "a@x", 1800000000 },
		{ { "mail", "a@x", "pwdChangedTime", "20270115080000Z",
		      "mailNotBefore", "20270115080001Z", NULL },
		    "a@x", 1800000001 },
		{ { "mail", "a@x", "accountStatus", "active", NULL }, "a@x",
		    0 },
		{ { "mail", "a@x", "accountStatus", "nologin", NULL }, "a@x",
		    NOW + 1 },
		{ { "mail", "a@x", "accountStatus", "disabled",
		      "pwdChangedTime", "20270115080000Z", NULL },
		    "a@x", NOW + 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		char name[TICKET_NAME_MAX];
		struct auth_void msg;

		assert_true(void_of(cases[i].word, name, &msg));
		assert_true(str_eqz(msg.user, cases[i].user));
		assert_int_equal(msg.not_before, cases[i].not_before);
	}
}

/* What cannot be told is no reason to panic: whoever may write an entry
 * could end authd with each change. */
static void
leaves_out_whom_no_session_can_be_of(void **state)
{
	static const char *const nobody[] = { "accountStatus", "disabled",
		NULL };
	char name[TICKET_NAME_MAX + 2], out[TICKET_NAME_MAX];
	const char *word[] = { "mail", name, NULL };
	struct auth_void msg;

	(void)state;
	assert_false(void_of(nobody, out, &msg));
	memset(name, 'a', sizeof(name));
	name[TICKET_NAME_MAX] = '\0';
	assert_true(void_of(word, out, &msg));
	name[TICKET_NAME_MAX] = 'a';
	name[TICKET_NAME_MAX + 1] = '\0';
	assert_false(void_of(word, out, &msg));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_from_when_sessions_are_good),
		cmocka_unit_test(leaves_out_whom_no_session_can_be_of),
	};

	return cmocka_run_group_tests_name("authd/watch", tests, NULL, NULL);
}
