/*
 * pop3d: transcripts. Each row is what a client sends, what it is told, and
 * what the store is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/log.h"
#include "t/unit/pop3d/double.h"

struct row {
	const char *in, *out;
	const char *told; /* NULL: nothing */
};

static void
check(const struct row *rows, size_t count, bool fail)
{
	for (size_t i = 0; i < count; i++) {
		struct double_drop drop;
		struct buf out;

		double_init(&drop);
		drop.fail = fail;
		buf_init(&out, 0);
		double_talk(&drop, str_of(rows[i].in), &out);
		if (strcmp(buf_cstr(&out), rows[i].out) != 0)
			fail_msg("%s\ngave:\n%s", rows[i].in, buf_cstr(&out));
		assert_string_equal(buf_cstr(&drop.told),
		    rows[i].told == NULL ? "" : rows[i].told);
		buf_clear(&out);
		double_clear(&drop);
	}
}

#define BYE "+OK Bye\r\n"

static void
numbers_and_sizes(void **state)
{
	static const struct row rows[] = {
		{ "STAT\r\nquit\r\n", "+OK 5 104\r\n" BYE, NULL },
		{ "LIST\r\n",
		    "+OK 5 messages (104 octets)\r\n1 65\r\n2 22\r\n3 6\r\n"
		    "4 2\r\n5 9\r\n.\r\n",
		    NULL },
		{ "LIST 2\r\n", "+OK 2 22\r\n", NULL },
		{ "UIDL\r\n",
		    "+OK Unique ids follow\r\n1 1700000000.1\r\n"
		    "2 1700000000.2\r\n3 1700000000.3\r\n4 1700000000.7\r\n"
		    "5 1700000000.9\r\n.\r\n",
		    NULL },
		{ "uidl 4\r\n", "+OK 4 1700000000.7\r\n", NULL },
		{ "DELE 2\r\nLIST 2\r\nUIDL 2\r\nSTAT\r\n",
		    "+OK Message 2 deleted\r\n-ERR No such message\r\n"
		    "-ERR No such message\r\n+OK 4 82\r\n",
		    NULL },
		{ "NOOP\r\nCAPA\r\n",
		    "+OK\r\n+OK Capabilities follow\r\nTOP\r\nUIDL\r\n"
		    "RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
		    "UTF8\r\nLANG\r\nIMPLEMENTATION Chancery\r\n.\r\n",
		    NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
}

static void
messages_come_as_they_are_with_dots_stuffed(void **state)
{
	static const struct row rows[] = {
		{ "RETR 1\r\n",
		    "+OK 65 octets\r\nReturn-Path: <x@y>\r\nSubject: one\r\n"
		    "\r\nline 1\r\n..line 2\r\n...\r\nline 4\r\n.\r\n",
		    NULL },
		{ "RETR 2\r\n",
		    "+OK 22 octets\r\nSubject: two\r\n\r\nno end\r\n.\r\n",
		    NULL },
		{ "RETR 4\r\n", "+OK 2 octets\r\n\r\n.\r\n", NULL },
		{ "RETR 3\r\n", "-ERR Message was removed meanwhile\r\n",
		    NULL },
		{ "RETR 5\r\n", "-ERR [SYS/TEMP] Cannot read message\r\n",
		    NULL },
		{ "TOP 1 0\r\n",
		    "+OK Top follows\r\nReturn-Path: <x@y>\r\n"
		    "Subject: one\r\n\r\n.\r\n",
		    NULL },
		{ "TOP 1 2\r\n",
		    "+OK Top follows\r\nReturn-Path: <x@y>\r\n"
		    "Subject: one\r\n\r\nline 1\r\n..line 2\r\n.\r\n",
		    NULL },
		{ "TOP 1 4294967295\r\n",
		    "+OK Top follows\r\nReturn-Path: <x@y>\r\n"
		    "Subject: one\r\n\r\nline 1\r\n..line 2\r\n...\r\n"
		    "line 4\r\n.\r\n",
		    NULL },
		{ "TOP 2 1\r\n",
		    "+OK Top follows\r\nSubject: two\r\n\r\nno end\r\n.\r\n",
		    NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
}

static void
only_quit_removes(void **state)
{
	static const struct row rows[] = {
		{ "DELE 1\r\nDELE 4\r\nQUIT\r\n",
		    "+OK Message 1 deleted\r\n+OK Message 4 deleted\r\n" BYE,
		    "remove 1 7;" },
		{ "DELE 1\r\n", "+OK Message 1 deleted\r\n", NULL },
		{ "DELE 1\r\nRSET\r\nQUIT\r\n",
		    "+OK Message 1 deleted\r\n"
		    "+OK Maildrop has 5 messages (104 octets)\r\n" BYE,
		    NULL },
		{ "RETR 4\r\nQUIT\r\n", "+OK 2 octets\r\n\r\n.\r\n" BYE, NULL },
		{ "RETR 2\r\nQUIT\r\n",
		    "+OK 22 octets\r\nSubject: two\r\n\r\nno end\r\n.\r\n" BYE,
		    "seen 2;" },
		{ "RETR 2\r\nDELE 2\r\nQUIT\r\nSTAT\r\n",
		    "+OK 22 octets\r\nSubject: two\r\n\r\nno end\r\n.\r\n"
		    "+OK Message 2 deleted\r\n" BYE,
		    "remove 2;" },
	};
	static const struct row failing[] = {
		{ "DELE 1\r\nQUIT\r\n",
		    "+OK Message 1 deleted\r\n"
		    "-ERR [SYS/TEMP] Some deleted messages not removed\r\n",
		    "remove 1;" },
		/* A mark that is missing is no reason to come again. */
		{ "RETR 2\r\nQUIT\r\n",
		    "+OK 22 octets\r\nSubject: two\r\n\r\nno end\r\n.\r\n" BYE,
		    "seen 2;" },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
	check(failing, NELEMS(failing), true);
}

static void
wrong_commands_are_answered_and_counted(void **state)
{
	static const struct row rows[] = {
		{ "RETR\r\n", "-ERR A message number is expected\r\n", NULL },
		{ "RETR x\r\n", "-ERR A message number is expected\r\n", NULL },
		{ "RETR -1\r\n", "-ERR A message number is expected\r\n",
		    NULL },
		{ "RETR 4294967296\r\n",
		    "-ERR A message number is expected\r\n", NULL },
		{ "RETR 0\r\n", "-ERR No such message\r\n", NULL },
		{ "RETR 6\r\n", "-ERR No such message\r\n", NULL },
		{ "RETR 1 2\r\n", "-ERR Too many arguments\r\n", NULL },
		{ "RETR  1\r\n", "-ERR A message number is expected\r\n",
		    NULL },
		{ "TOP 1\r\n", "-ERR A number of lines is expected\r\n", NULL },
		{ "TOP 1 -1\r\n", "-ERR A number of lines is expected\r\n",
		    NULL },
		{ "STAT 1\r\n", "-ERR No argument is expected\r\n", NULL },
		{ "DELE 1\r\nDELE 1\r\n",
		    "+OK Message 1 deleted\r\n-ERR No such message\r\n", NULL },
		{ "STATS\r\n", "-ERR Unknown command\r\n", NULL },
		{ "\r\n", "-ERR Unknown command\r\n", NULL },
		{ "USER x\r\nPASS y\r\nSTLS\r\nDELE 1\r\n",
		    "-ERR Unknown command\r\n-ERR Unknown command\r\n"
		    "-ERR Unknown command\r\n-ERR Too many wrong commands\r\n",
		    NULL },
		{ "STLS\r\nSTLS\r\nNOOP\r\nSTLS\r\nSTLS\r\nNOOP\r\n",
		    "-ERR Unknown command\r\n-ERR Unknown command\r\n+OK\r\n"
		    "-ERR Unknown command\r\n-ERR Unknown command\r\n+OK\r\n",
		    NULL },
		{ "STAT\nDELE 1\r\nQUIT\r\n", "-ERR Lines end with CRLF\r\n",
		    NULL },
		{ "STAT\rDELE 1\r\nQUIT\r\n", "-ERR Lines end with CRLF\r\n",
		    NULL },
	};

	(void)state;
	check(rows, NELEMS(rows), false);
}

/* RFC 6856: what a client is sent that did not, or did, say UTF8. */
static void
wide_messages(bool utf8, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct double_drop drop;
		struct buf out;

		double_init(&drop);
		double_add_wide(&drop, utf8);
		buf_init(&out, 0);
		double_talk(&drop, str_of(rows[i].in), &out);
		if (strcmp(buf_cstr(&out), rows[i].out) != 0)
			fail_msg("%s\ngave:\n%s", rows[i].in, buf_cstr(&out));
		buf_clear(&out);
		double_clear(&drop);
	}
}

#define SURROGATE_HEADER                                                       \
	"Delivered-To: =?UTF-8?B?w7xAeA==?=\r\nSubject: =?UTF-8?B?w7w=?=\r\n"

static void
who_did_not_say_utf8_reads_surrogates(void **state)
{
	static const struct row rows[] = {
		{ "LIST 6\r\nRETR 6\r\nLIST 6\r\n",
		    "+OK 6 74\r\n+OK 74 octets\r\n" SURROGATE_HEADER
		    "\r\nö\r\nend\r\n.\r\n+OK 6 74\r\n",
		    NULL },
		{ "TOP 6 0\r\nTOP 6 1\r\n",
		    "+OK Top follows\r\n" SURROGATE_HEADER "\r\n.\r\n"
		    "+OK Top follows\r\n" SURROGATE_HEADER "\r\nö\r\n.\r\n",
		    NULL },
		/* 7 has no surrogate; the sizes of both are as said above */
		{ "RETR 7\r\nTOP 7 0\r\nLIST 7\r\nSTAT\r\nUIDL 7\r\n",
		    "-ERR [UTF8] Message can be sent in UTF-8 mode alone\r\n"
		    "-ERR [UTF8] Message can be sent in UTF-8 mode alone\r\n"
		    "-ERR [UTF8] Message can be sent in UTF-8 mode alone\r\n"
		    "+OK 7 224\r\n+OK 7 1700000000.11\r\n",
		    NULL },
		{ "LIST\r\n",
		    "+OK 7 messages (224 octets)\r\n1 65\r\n2 22\r\n3 6\r\n"
		    "4 2\r\n5 9\r\n6 74\r\n7 46\r\n.\r\n",
		    NULL },
		{ "UTF8\r\n", "-ERR UTF8 comes before login\r\n", NULL },
	};

	(void)state;
	wide_messages(false, rows, NELEMS(rows));
}

static void
who_said_utf8_reads_what_there_is(void **state)
{
	static const struct row rows[] = {
		{ "LIST 6\r\nRETR 6\r\n",
		    "+OK 6 44\r\n+OK 44 octets\r\nDelivered-To: ü@x\r\n"
		    "Subject: ü\r\n\r\nö\r\nend\r\n.\r\n",
		    NULL },
		{ "TOP 6 1\r\nLIST 7\r\n",
		    "+OK Top follows\r\nDelivered-To: ü@x\r\nSubject: ü\r\n"
		    "\r\nö\r\n.\r\n+OK 7 46\r\n",
		    NULL },
	};

	(void)state;
	wide_messages(true, rows, NELEMS(rows));
}

static void
a_line_has_255_octets(void **state)
{
	char in[300], out[100];
	struct row row = { in, out, NULL };

	(void)state;
	memset(in, ' ', sizeof(in));
	memcpy(in, "NOOP", 4);
	strcpy(in + 253, "\r\n");
	strcpy(out, "-ERR No argument is expected\r\n");
	check(&row, 1, false);
	strcpy(in + 253, " \r\n");
	strcpy(out, "-ERR Line too long\r\n");
	check(&row, 1, false);
}

static void
a_drop_grows(void **state)
{
	struct maildrop drop = { 0 };
	uint64_t octets;

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++)
		maildrop_add(&drop, i, 2, false);
	assert_int_equal(maildrop_stat(&drop, &octets), 1000);
	assert_int_equal(octets, 2000);
	assert_int_equal(maildrop_get(&drop, 1000)->uid, 1000);
	assert_null(maildrop_get(&drop, 1001));
	maildrop_clear(&drop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_sizes),
		cmocka_unit_test(messages_come_as_they_are_with_dots_stuffed),
		cmocka_unit_test(only_quit_removes),
		cmocka_unit_test(wrong_commands_are_answered_and_counted),
		cmocka_unit_test(who_did_not_say_utf8_reads_surrogates),
		cmocka_unit_test(who_said_utf8_reads_what_there_is),
		cmocka_unit_test(a_line_has_255_octets),
		cmocka_unit_test(a_drop_grows),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("pop3d/command", tests, NULL, NULL);
}
