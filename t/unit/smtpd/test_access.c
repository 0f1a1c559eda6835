/*
 * Restriction lists: what is taken for one, what they answer, and that the
 * manual says what the table does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "t/unit/smtpd/doubles.h"

#define START "EHLO c.net.test\r\nMAIL FROM:<x@net.test>\r\n"
#define ADA   "RCPT TO:<ada@example.test>\r\n"
#define AWAY  "RCPT TO:<x@net.test>\r\n"

enum { MANUAL_MAX = 100000 };

/* The manual between the two comments that name the table. */
static struct str
manual_block(struct buf *text)
{
	FILE *file = fopen("smtpd/smtpd.8", "r");
	ptrdiff_t from, to;
	char *room;

	assert_non_null(file);
	room = buf_reserve(text, MANUAL_MAX);
	text->len = fread(room, 1, MANUAL_MAX, file);
	(void)fclose(file);
	from = str_find(buf_str(text), STR(".\\\" Begin of the table\n"));
	to = str_find(buf_str(text), STR(".\\\" End of the table\n"));
	assert_true(from > 0 && to > from);
	return str_sub(buf_str(text),
	    (size_t)from + strlen(".\\\" Begin of the table\n"), (size_t)to);
}

static void
the_manual_has_the_table(void **state)
{
	struct access_row row;
	struct buf want, text;

	(void)state;
	buf_init(&want, 0);
	buf_init(&text, 0);
	for (size_t i = 0; access_row_at(i, &row); i++)
		(void)buf_addf(&want, ".It Ic %s%s%s\n%s\n", row.name,
		    row.argument[0] != '\0' ? " Ar " : "", row.argument,
		    row.says);
	if (!str_eq(buf_str(&want), manual_block(&text))) {
		(void)printf("%s", buf_cstr(&want));
		fail_msg("smtpd/smtpd.8 has something else");
	}
	buf_clear(&want);
	buf_clear(&text);
}

static void
mistakes_are_named(void **state)
{
	static const struct {
		const char *list, *says;
	} cases[] = {
		{ "permit, reject_everything", "\"reject_everything\"" },
		{ "check_sender_access", "needs a type:table" },
		{ "reject_rbl_client", "needs a domain" },
		{ "hash:etc/access", "check_..._access expected" },
		{ "check_client_access nosuch:x", "unknown type" },
		{ "check_client_access pcre:{{/a/}}", "line 1: no result" },
		{ "check_client_access texthash:/nonexistent/x",
		    "/nonexistent/x" },
		{ "permit warn_if_reject", "nothing behind" },
	};
	struct access *access = access_new();
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(
		    access_set(access, ACCESS_SENDER, cases[i].list, &err), -1);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].list, err.text);
	}
	assert_int_equal(access_class(access, STR("permit"), "reject", &err),
	    -1);
	assert_int_equal(access_class(access, STR("a"), "reject", &err), 0);
	assert_int_equal(access_class(access, STR("a"), "reject", &err), -1);
	assert_int_equal(access_class(access, STR("b"), "c", &err), -1);
	access_free(access);
}

/* No instance may become an open relay by a word left out. */
static void
something_must_stop_strangers(void **state)
{
	static const struct {
		const char *relay, *rcpt;
		bool safe;
	} cases[] = {
		{ "", "", false },
		{ "permit_mynetworks", "reject_unlisted_recipient", false },
		{ "warn_if_reject reject_unauth_destination", "", false },
		{ "permit, reject_unauth_destination", "permit", false },
		{ "reject_unauth_destination", "", true },
		{ "", "permit_mynetworks reject", true },
		{ "permit_mynetworks defer_unauth_destination", "", true },
		{ "strict", "", true },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct access *access = access_new();

		assert_int_equal(
		    access_class(access, STR("strict"), "reject", &err), 0);
		assert_int_equal(
		    access_set(access, ACCESS_RELAY, cases[i].relay, &err), 0);
		assert_int_equal(
		    access_set(access, ACCESS_RECIPIENT, cases[i].rcpt, &err),
		    0);
		assert_int_equal(access_check_relay(access, &err),
		    cases[i].safe ? 0 : -1);
		access_free(access);
	}
}

struct row {
	enum access_list list;
	const char *words, *in;
	const char *says; /* the beginning of the last answer but QUIT's */
};

static void
check(const struct row *rows, size_t count, bool delay)
{
	for (size_t i = 0; i < count; i++) {
		struct smtpd_conf conf = double_conf;
		struct doubles doubles;
		struct str last = STR(""), line, rest;
		struct buf out;

		conf.restrictions[rows[i].list] = rows[i].words;
		conf.delay_reject = delay;
		doubles_init(&doubles);
		buf_init(&out, 0);
		doubles_run(&doubles, &conf, NULL, str_of(rows[i].in), &out);
		for (rest = buf_str(&out);
		     rest.len > 0 && str_split(&rest, '\n', &line);)
			last = line.len > 0 ? line : last;
		if (!str_starts(last, str_of(rows[i].says)))
			fail_msg("%s\n%s\nsaid:\n%s", rows[i].words, rows[i].in,
			    buf_cstr(&out));
		doubles_clear(&doubles);
		buf_clear(&out);
	}
}

static void
lists_are_asked_from_left_to_right(void **state)
{
	static const struct row rows[] = {
		{ ACCESS_RECIPIENT, "", START ADA, "250 2.1.5" },
		{ ACCESS_RECIPIENT, "permit, reject", START ADA, "250" },
		{ ACCESS_RECIPIENT, "reject, permit", START ADA,
		    "554 5.7.1 <ada@example.test>: Recipient address "
		    "rejected: Access denied" },
		{ ACCESS_RECIPIENT, "warn_if_reject reject", START ADA, "250" },
		{ ACCESS_RECIPIENT, "warn_if_reject reject, reject", START ADA,
		    "554" },
		{ ACCESS_SENDER, "permit", START AWAY, "554 5.7.1 <x@net" },
		{ ACCESS_SENDER, "reject", START ADA,
		    "554 5.7.1 <x@net.test>: Sender address rejected" },
		{ ACCESS_HELO, "reject", START ADA,
		    "554 5.7.1 <c.net.test>: Helo command rejected" },
		{ ACCESS_CLIENT, "reject", START ADA,
		    "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected" },
		{ ACCESS_CLIENT, "defer", START ADA, "450 4.3.2 <unknown" },
		{ ACCESS_RECIPIENT, "defer_if_permit", START ADA, "450 4.7.0" },
		{ ACCESS_RECIPIENT, "defer_if_permit, reject", START ADA,
		    "554" },
		{ ACCESS_CLIENT, "defer_if_permit", START AWAY, "554" },
		{ ACCESS_RELAY, "permit", START AWAY, "250" },
		{ ACCESS_RELAY, "permit", START "RCPT TO:<x@nowhere.test>\r\n",
		    "550 5.1.2" },
		{ ACCESS_RELAY, "defer_unauth_destination", START AWAY,
		    "450 4.7.1 <x@net.test>: Relay access denied" },
		{ ACCESS_RELAY, "permit_auth_destination, reject", START ADA,
		    "250" },
		{ ACCESS_RELAY, "permit_auth_destination, reject",
		    START "RCPT TO:<down@example.test>\r\n", "451 4.3.0" },
	};

	(void)state;
	check(rows, NELEMS(rows), true);
}

static void
each_list_at_its_own_command(void **state)
{
	static const struct row rows[] = {
		{ ACCESS_CLIENT, "reject", "", "554 5.7.1 <unknown[192" },
		{ ACCESS_CLIENT, "reject", "EHLO c\r\n",
		    "503 5.7.0 Error: access denied" },
		{ ACCESS_CLIENT, "reject", "QUIT\r\n", "221" },
		{ ACCESS_HELO, "reject", "EHLO c\r\n", "554 5.7.1 <c>" },
		{ ACCESS_HELO, "reject", "HELO c\r\nMAIL FROM:<x@y>\r\n",
		    "503 5.5.1" },
		{ ACCESS_SENDER, "reject", START, "554 5.7.1 <x@net" },
		{ ACCESS_SENDER, "reject", START "DATA\r\n", "503" },
		{ ACCESS_SENDER, "defer_if_permit", START ADA, "450 4.7.0" },
		{ ACCESS_CLIENT, "reject_unauth_destination", START ADA,
		    "250" },
		{ ACCESS_CLIENT, "check_client_access static:HOLD", START ADA,
		    "250" },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
}

static void
values_of_tables(void **state)
{
#define TABLE(value) "check_sender_access static:{" value "}"
	static const struct row rows[] = {
		{ ACCESS_SENDER, TABLE("OK"), START ADA, "250" },
		{ ACCESS_SENDER, TABLE("12345"), START ADA, "250" },
		{ ACCESS_SENDER, TABLE("OK") ", reject", START ADA, "250" },
		{ ACCESS_SENDER, TABLE("dunno") ", reject", START ADA, "554" },
		{ ACCESS_SENDER, TABLE("REJECT"), START ADA,
		    "554 5.7.1 <x@net.test>: Sender address rejected: Access "
		    "denied" },
		{ ACCESS_SENDER, TABLE("REJECT go away"), START ADA,
		    "554 5.7.1 <x@net.test>: Sender address rejected: go "
		    "away" },
		{ ACCESS_SENDER, TABLE("REJECT 5.1.8 go"), START ADA,
		    "554 5.1.8 <x@net.test>: Sender address rejected: go" },
		{ ACCESS_SENDER, TABLE("DEFER"), START ADA, "450 4.7.1" },
		{ ACCESS_SENDER, TABLE("550 no"), START ADA, "550 5.7.1 " },
		{ ACCESS_SENDER, TABLE("550 4.1.1 no"), START ADA,
		    "550 5.1.1 " },
		{ ACCESS_SENDER, TABLE("450 wait"), START ADA, "450 4.7.1 " },
		{ ACCESS_SENDER, TABLE("550"), START ADA, "550 5.7.1 " },
		{ ACCESS_SENDER, TABLE("521 bye"), START ADA "NOOP\r\n",
		    "521 5.7.1 " },
		{ ACCESS_SENDER, TABLE("DEFER_IF_PERMIT slow"), START ADA,
		    "450 4.7.1 <x@net.test>: Sender address rejected: slow" },
		{ ACCESS_SENDER, TABLE("DEFER_IF_REJECT slow"), START ADA,
		    "250" },
		{ ACCESS_SENDER, TABLE("DEFER_IF_REJECT slow"), START AWAY,
		    "450 4.7.1 " },
		{ ACCESS_SENDER, TABLE("WARN look"), START ADA, "250" },
		{ ACCESS_SENDER, TABLE("PREPEND no field"), START ADA,
		    "451 4.3.5" },
		{ ACCESS_SENDER, TABLE("REDIRECT no address"), START ADA,
		    "451 4.3.5" },
		{ ACCESS_SENDER, TABLE("permit_mynetworks, reject"), START ADA,
		    "554" },
		{ ACCESS_SENDER, TABLE("check_helo_access static:OK"),
		    START ADA, "451 4.3.5" },
		{ ACCESS_SENDER, TABLE("FILTER x:y"), START ADA, "451 4.3.5" },
		{ ACCESS_SENDER, TABLE("nonsense"), START ADA, "451 4.3.5" },
		{ ACCESS_SENDER, TABLE(""), START ADA, "451 4.3.5" },
		{ ACCESS_SENDER, "check_sender_access pcre:{{/(x+x+)+y/ OK}}",
		    START ADA, "250" },
	};
#undef TABLE

	(void)state;
	check(rows, NELEMS(rows), true);
}

/* What is looked up, and in which order. */
static void
keys_of_tables(void **state)
{
#define SENDER(key) "check_sender_access inline:{" key "=REJECT}"
#define CLIENT(key) "check_client_access inline:{" key "=REJECT}"
#define FROM(a)     "EHLO c\r\nMAIL FROM:<" a ">\r\n" ADA
	static const struct row rows[] = {
		{ ACCESS_SENDER, SENDER("x@net.test"), START ADA, "554" },
		{ ACCESS_SENDER, SENDER("X@Net.Test"), START ADA, "554" },
		{ ACCESS_SENDER, SENDER("x@"), START ADA, "554" },
		{ ACCESS_SENDER, SENDER("net.test"), START ADA, "554" },
		{ ACCESS_SENDER, SENDER("test"), START ADA, "554" },
		{ ACCESS_SENDER, SENDER("et.test"), START ADA, "250" },
		{ ACCESS_SENDER, SENDER("y@net.test"), START ADA, "250" },
		{ ACCESS_SENDER, SENDER("x@net.test"), FROM("x+d@net.test"),
		    "554" },
		{ ACCESS_SENDER, SENDER("x@"), FROM("x+d@net.test"), "554" },
		{ ACCESS_SENDER, SENDER("<>"), FROM(""), "554" },
		{ ACCESS_SENDER,
		    "check_sender_access inline:{x+d@net.test=OK, "
		    "x@net.test=REJECT}",
		    FROM("x+d@net.test"), "250" },
		{ ACCESS_SENDER, "check_sender_access pcre:{{/^net/ REJECT}}",
		    START ADA, "250" }, /* patterns see no parts */
		{ ACCESS_CLIENT, CLIENT("192.0.2.1"), START ADA, "554" },
		{ ACCESS_CLIENT, CLIENT("192.0.2"), START ADA, "554" },
		{ ACCESS_CLIENT, CLIENT("192"), START ADA, "554" },
		{ ACCESS_CLIENT, CLIENT("192.0.2.10"), START ADA, "250" },
		{ ACCESS_CLIENT, CLIENT("unknown"), START ADA, "554" },
		{ ACCESS_CLIENT,
		    "check_client_access cidr:{{192.0.2.0/24 REJECT}}",
		    START ADA, "554" },
		{ ACCESS_HELO, "check_helo_access inline:{net.test=REJECT}",
		    START ADA, "554" },
	};
#undef SENDER
#undef CLIENT
#undef FROM

	(void)state;
	check(rows, NELEMS(rows), true);
}

static void
names_in_hello(void **state)
{
#define HELO(name) "HELO " name "\r\nMAIL FROM:<>\r\n" ADA
	static const struct row rows[] = {
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("a b"),
		    "501 5.5.2 <a b>: Helo command rejected: Invalid name" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("a..b"),
		    "501" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("-a.b"),
		    "501" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("[1.2.3]"),
		    "501" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("1.2.3"),
		    "501" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("a"),
		    "250" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("a.b."),
		    "250" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname", HELO("1.2.3.4"),
		    "250" },
		{ ACCESS_HELO, "reject_invalid_helo_hostname",
		    HELO("[IPv6:2001:db8::1]"), "250" },
		{ ACCESS_HELO, "reject_non_fqdn_helo_hostname", HELO("a"),
		    "504 5.5.2 <a>: Helo command rejected: need "
		    "fully-qualified hostname" },
		{ ACCESS_HELO, "reject_non_fqdn_helo_hostname", HELO("1.2.3.4"),
		    "504" },
		{ ACCESS_HELO, "reject_non_fqdn_helo_hostname",
		    HELO("[1.2.3.4]"), "250" },
		{ ACCESS_HELO, "reject_non_fqdn_helo_hostname", HELO("a.b"),
		    "250" },
		{ ACCESS_HELO, "reject_unknown_helo_hostname",
		    HELO("a.net.test"), "250" },
		{ ACCESS_HELO, "reject_unknown_helo_hostname", HELO("a.b"),
		    "450 4.7.1 <a.b>: Helo command rejected: Host not found" },
		{ ACCESS_HELO, "reject_unknown_helo_hostname",
		    HELO("down.test"), "450 4.7.1" },
		{ ACCESS_HELO, "reject_unknown_helo_hostname, reject",
		    HELO("down.test"), "554" },
	};
#undef HELO

	(void)state;
	check(rows, NELEMS(rows), true);
}

static void
domains_of_senders(void **state)
{
#define FROM(a) "EHLO c\r\nMAIL FROM:<" a ">\r\n" ADA
	static const struct row rows[] = {
		{ ACCESS_SENDER, "reject_unknown_sender_domain",
		    FROM("x@net.test"), "250" },
		{ ACCESS_SENDER, "reject_unknown_sender_domain",
		    FROM("x@no.where"),
		    "450 4.1.8 <x@no.where>: Sender address rejected: Domain "
		    "not found" },
		{ ACCESS_SENDER, "reject_unknown_sender_domain",
		    FROM("x@null.test"), "550 5.7.27" },
		{ ACCESS_SENDER, "reject_unknown_sender_domain",
		    FROM("x@down.test"), "450 4.1.8" },
		{ ACCESS_SENDER, "reject_unknown_sender_domain, reject",
		    FROM("x@down.test"), "554" },
		{ ACCESS_SENDER, "reject_unknown_sender_domain",
		    FROM("x@example.test"), "250" }, /* ours */
		{ ACCESS_SENDER, "reject_unknown_sender_domain", FROM(""),
		    "250" },
		{ ACCESS_SENDER, "reject_unknown_sender_domain",
		    FROM("x@[192.0.2.1]"), "250" },
		{ ACCESS_SENDER, "reject_non_fqdn_sender", FROM("x@y"),
		    "504 5.5.2 <x@y>: Sender address rejected: need "
		    "fully-qualified address" },
		{ ACCESS_SENDER, "reject_unlisted_sender",
		    FROM("no@example.test"),
		    "550 5.1.0 <no@example.test>: Sender address rejected: "
		    "User unknown" },
		{ ACCESS_SENDER, "reject_sender_login_mismatch",
		    FROM("ada@example.test"),
		    "553 5.7.1 <ada@example.test>: Sender address rejected: "
		    "not logged in" },
		{ ACCESS_SENDER, "reject_sender_login_mismatch",
		    FROM("x@net.test"), "250" },
		{ ACCESS_SENDER, "reject_unlisted_sender",
		    FROM("down@example.test"), "451 4.3.0" },
	};
#undef FROM

	(void)state;
	check(rows, NELEMS(rows), true);
}

/* What tables want done with a message reaches the queue. */
static void
effects_reach_the_queue(void **state)
{
	static const struct {
		const char *words, *said, *prefix;
	} cases[] = {
		{ "PREPEND X-Seen: yes", "x@net.test>ada@example.test|0|\n",
		    "\r\nX-Seen: yes\r\n" },
		{ "REDIRECT bob@example.test",
		    "x@net.test>bob@example.test|0|\n", NULL },
		{ "BCC bob@example.test",
		    "x@net.test>ada@example.test,bob@example.test|0|\n", NULL },
		{ "DISCARD", "", NULL },
		{ "REDIRECT no@example.test", "", NULL }, /* put off */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct smtpd_conf conf = double_conf;
		struct doubles doubles;
		char words[200];
		struct buf out;

		(void)snprintf(words, sizeof(words),
		    "check_sender_access static:{%s}", cases[i].words);
		conf.restrictions[ACCESS_SENDER] = words;
		doubles_init(&doubles);
		buf_init(&out, 0);
		doubles_run(&doubles, &conf, NULL,
		    STR(START ADA ADA "DATA\r\n.\r\nQUIT\r\n"), &out);
		assert_string_equal(buf_cstr(&doubles.said), cases[i].said);
		if (cases[i].prefix != NULL)
			assert_true(str_find(buf_str(&doubles.prefix),
					str_of(cases[i].prefix)) >= 0);
		doubles_clear(&doubles);
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_has_the_table),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(something_must_stop_strangers),
		cmocka_unit_test(lists_are_asked_from_left_to_right),
		cmocka_unit_test(each_list_at_its_own_command),
		cmocka_unit_test(values_of_tables),
		cmocka_unit_test(keys_of_tables),
		cmocka_unit_test(names_in_hello),
		cmocka_unit_test(domains_of_senders),
		cmocka_unit_test(effects_reach_the_queue),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("smtpd/access", tests, NULL, NULL);
}
