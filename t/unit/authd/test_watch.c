#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/time.h"
#include "authd/watch.h"
#include "t/lib/directory.h"
#include "t/lib/frames.h"

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

static bool
remembers(struct authd *authd, const char *user)
{
	struct memory_hit hit;

	return memory_find(authd->memory, str_of(user), STR("secret"),
	    time_mono(), &hit);
}

static void
remember(struct authd *authd, const char *user)
{
	static const struct facts facts;
	struct memory_hit hit = { .owner = str_of(user), .facts = &facts };
	int64_t later = time_mono() + 600 * TIME_SECOND;

	memory_add(authd->memory, str_of(user), STR("secret"), &hit, later,
	    later);
	assert_true(remembers(authd, user));
}

/* Run the loop until the user is forgotten. */
static void
wait_forgotten(struct authd *authd, const char *user)
{
	int64_t end = time_mono() + 60 * TIME_SECOND;

	while (remembers(authd, user)) {
		assert_true(time_mono() < end);
		(void)event_base_loop(frames_daemon()->base, EVLOOP_ONCE);
	}
}

/* Everybody at once: nobody is taken for who they were, and what makes
 * tickets void is found by a look for that alone. */
static void
finds_what_matters_among_too_many_changes(void **state)
{
	static const char *const first[] = { "objectClass", "mailUser", "mail",
		"first@x", "entryCSN", "30", NULL };
	static const char *const second[] = { "objectClass", "mailUser", "mail",
		"second@x", "entryCSN", "30", NULL };
	static const char *const gone[] = { "objectClass", "mailUser", "mail",
		"gone@x", "entryCSN", "30", "accountStatus", "disabled", NULL };
	static const struct directory_entry entries[] = {
		{ "1", NULL, first },
		{ "2", NULL, second },
		{ "3", NULL, gone },
		{ NULL, NULL, NULL },
	};
	struct authd authd = { .daemon = frames_daemon(),
		.conf = { .password = { { "ldapi", "o=test", 10 }, 2 } },
		.memory = memory_new(10) };

	(void)state;
	directory = (struct directory){ .entry = entries, .most = 2 };
	list_init(&authd.watchers);
	remember(&authd, "first@x");
	authd.watch = watch_new(&authd);
	wait_forgotten(&authd, "first@x");

	remember(&authd, "first@x");
	remember(&authd, "gone@x");
	wait_forgotten(&authd, "gone@x");
	assert_true(remembers(&authd, "first@x"));

	watch_free(authd.watch);
	memory_free(authd.memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_from_when_sessions_are_good),
		cmocka_unit_test(leaves_out_whom_no_session_can_be_of),
		cmocka_unit_test(finds_what_matters_among_too_many_changes),
	};

	return cmocka_run_group_tests_name("authd/watch", tests, NULL, NULL);
}
