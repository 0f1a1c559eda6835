/*
 * The directory as it should not be: absent, mute, talking nonsense, hanging
 * up. What it is like when it works the end-to-end tests show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/log.h"
#include "dict/ldap_client.h"
#include "net/listen.h"

enum {
	TIMEOUT_MS = 200,
	LONG_MS = 800, /* than half a second */
	SLOW_MS = 2000,
	THINKS_MS = 400, /* a slow server, about each question */
	PATIENCE_MS = 120000,
};

enum manner { ABSENT, MUTE, NONSENSE, HANGS_UP, HALF, SLOW };

struct server {
	struct event_base *base;
	enum manner manner;
	char folder[32], path[64];
	int listener, conn[64];
	int conns;
	struct event *event, *question, *thought; /* the latter when SLOW */
	char msgid;                               /* of the question */
	int good;                                 /* answers without an error */
	struct ldap_client *client;
	int answers;
	struct err err;
	char order[8]; /* in which questions with a letter were answered */
	int thinks_ms; /* when SLOW */
};

/* A bind that succeeded (RFC 4511 section 4.2.2). */
static void
on_thought(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	char answer[] = "\x30\x0c\x02\x01?\x61\x07\x0a\x01\0\x04\0\x04";

	(void)fd;
	(void)what;
	answer[4] = s->msgid;
	assert_int_equal(write(s->conn[0], answer, 14), 14);
}

static void
on_question(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	const struct timeval thinks = { s->thinks_ms / 1000,
		s->thinks_ms % 1000 * 1000 };
	char bytes[512];
	ssize_t len = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (len < 5 || bytes[5] != 0x60) /* unbind, or the end */
		return;
	s->msgid = bytes[4];
	(void)event_add(s->thought, &thinks);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	/* An LDAP message that begins well, and says it is 100 bytes long. */
	static const char half[] = "\x30\x64\x02\x01\x01\x61";
	struct server *s = arg;
	int conn = accept(fd, NULL, NULL);

	(void)what;
	assert_true(conn >= 0);
	if (s->manner == NONSENSE)
		assert_int_equal(write(conn, "HTTP/1.1 400\r\n\r\n", 16), 16);
	if (s->manner == HALF)
		assert_int_equal(write(conn, half, 6), 6);
	if (s->manner == HANGS_UP) {
		(void)close(conn);
		return;
	}
	assert_true(s->conns < (int)NELEMS(s->conn));
	s->conn[s->conns++] = conn;
	if (s->manner != SLOW)
		return;
	assert_int_equal(s->conns, 1);
	s->thought = event_new(s->base, -1, 0, on_thought, s);
	s->question =
	    event_new(s->base, conn, EV_READ | EV_PERSIST, on_question, s);
	(void)event_add(s->question, NULL);
}

static void
on_answer(void *ctx, const struct ldap_entry *entries, size_t count,
    const struct err *err)
{
	struct server *s = ctx;

	(void)entries;
	assert_int_equal(count, 0);
	assert_true(err != NULL || s->manner == SLOW);
	if (err != NULL)
		s->err = *err;
	else
		s->good++;
	s->answers++;
	if (ldap_client_open(s->client) == 0)
		(void)event_base_loopbreak(s->base);
}

static void
begin(struct server *s, enum manner manner, bool external, int timeout_ms)
{
	struct ldap_client_conf conf = {
		.path = s->path,
		.timeout_ms = timeout_ms,
		.pipeline = manner == SLOW ? 1 : 4,
		.external = external,
	};
	struct err err;

	*s = (struct server){ .manner = manner, .listener = -1 };
	s->base = event_base_new();
	strcpy(s->folder, "/tmp/test-ldap-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->path, sizeof(s->path), "%s/ldapi", s->folder);
	if (manner == SLOW)
		conf.queue_ms = 10 * timeout_ms;
	if (manner != ABSENT) {
		s->listener = listen_unix(s->path, 0600, &err);
		assert_true(s->listener >= 0);
		s->event = event_new(s->base, s->listener, EV_READ | EV_PERSIST,
		    on_accept, s);
		(void)event_add(s->event, NULL);
	}
	s->client = ldap_client_new(s->base, &conf);
}

static void
end(struct server *s)
{
	ldap_client_free(s->client);
	if (s->event != NULL)
		event_free(s->event);
	if (s->question != NULL) {
		event_free(s->question);
		event_free(s->thought);
	}
	for (int i = 0; i < s->conns; i++)
		(void)close(s->conn[i]);
	if (s->listener >= 0)
		(void)close(s->listener);
	(void)unlink(s->path);
	(void)rmdir(s->folder);
	event_base_free(s->base);
}

/* Every question gets its one answer, in time, whatever the server does. */
static void
trouble_is_temporary(void **state)
{
	static const enum manner manners[] = { ABSENT, MUTE, NONSENSE, HANGS_UP,
		HALF };

	(void)state;
	for (size_t i = 0; i < 2 * NELEMS(manners); i++) {
		struct server s;

		begin(&s, manners[i / 2], i % 2 == 0, TIMEOUT_MS);
		for (int j = 0; j < 10; j++)
			ldap_client_search(s.client, "o=x", "(a=b)", NULL,
			    on_answer, &s);
		ldap_client_bind(s.client, "cn=x", STR("secret"), on_answer,
		    &s);
		assert_int_equal(s.answers, 0); /* never from inside */
		(void)event_base_dispatch(s.base);
		assert_int_equal(s.answers, 11);
		assert_int_equal(s.err.kind, ERR_TEMP);
		end(&s);
	}
}

struct letter {
	struct server *server;
	char letter;
};

static void
on_letter(void *ctx, const struct ldap_entry *entries, size_t count,
    const struct err *err)
{
	struct letter *letter = ctx;
	char *order = letter->server->order;

	order[strlen(order)] = letter->letter;
	on_answer(letter->server, entries, count, err);
}

/*
 * The order in which three questions were answered of which the first has
 * shown that the directory stands, and the others come together.
 */
static void
ask_three(int timeout_ms, char order[8])
{
	struct server s;
	struct letter first = { &s, 'a' }, probe = { &s, 'b' },
		      next = { &s, 'c' };

	begin(&s, MUTE, true, timeout_ms);
	ldap_client_search(s.client, "o=x", "(a=b)", NULL, on_letter, &first);
	(void)event_base_dispatch(s.base);
	ldap_client_search(s.client, "o=x", "(a=b)", NULL, on_letter, &probe);
	ldap_client_search(s.client, "o=x", "(a=b)", NULL, on_letter, &next);
	(void)event_base_dispatch(s.base);
	memcpy(order, s.order, 8);
	end(&s);
}

/*
 * One waits for the whole time, what comes behind it does not. Who gets no
 * processor for so long sees both times over at once: then once more, with
 * more time.
 */
static void
a_standing_directory_holds_up_one_at_a_time(void **state)
{
	char order[8];

	(void)state;
	ask_three(LONG_MS, order);
	if (strcmp(order, "acb") != 0)
		ask_three(10 * LONG_MS, order);
	assert_string_equal(order, "acb");
}

/* How many of six questions are answered when all goes so much slower. */
static int
count_waited_for(int times)
{
	struct server s;
	int good;

	begin(&s, SLOW, false, times * SLOW_MS);
	s.thinks_ms = times * THINKS_MS;
	for (int i = 0; i < 6; i++)
		ldap_client_bind(s.client, "cn=x", STR("secret"), on_answer,
		    &s);
	(void)event_base_dispatch(s.base);
	good = s.good;
	end(&s);
	return good;
}

/*
 * All together take longer than each may. Who gets no processor for seconds
 * answers too late himself: then once more, with more time.
 */
static void
a_slow_directory_is_waited_for(void **state)
{
	(void)state;
	if (count_waited_for(1) < 6)
		assert_int_equal(count_waited_for(8), 6);
}

static void
an_empty_password_is_none(void **state)
{
	struct server s;

	(void)state;
	begin(&s, MUTE, false, TIMEOUT_MS);
	ldap_client_bind(s.client, "cn=x", STR(""), on_answer, &s);
	(void)event_base_dispatch(s.base);
	assert_int_equal(s.answers, 1);
	assert_int_equal(s.err.kind, ERR_DENIED);
	assert_int_equal(s.conns, 0);
	end(&s);
}

static void
too_many_questions_are_refused(void **state)
{
	struct server s;

	(void)state;
	begin(&s, MUTE, true, PATIENCE_MS);
	for (int i = 0; i < LDAP_CLIENT_WAITING + 5; i++)
		ldap_client_search(s.client, "o=x", "(a=b)", NULL, on_answer,
		    &s);
	(void)event_base_loop(s.base, EVLOOP_ONCE);
	assert_int_equal(s.answers, 5);
	assert_int_equal(s.err.kind, ERR_TEMP);
	end(&s); /* with the others open: no callback comes any more */
	assert_int_equal(s.answers, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trouble_is_temporary),
		cmocka_unit_test(a_standing_directory_holds_up_one_at_a_time),
		cmocka_unit_test(a_slow_directory_is_waited_for),
		cmocka_unit_test(an_empty_password_is_none),
		cmocka_unit_test(too_many_questions_are_refused),
	};

	log_init("test", LOG_LEVEL_ERROR);
	ldap_client_prepare();
	return cmocka_run_group_tests_name("dict/ldap_client", tests, NULL,
	    NULL);
}
