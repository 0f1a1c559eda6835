/*
 * dialog - a client and its protocol before login, up to the handover.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "front/conn.h"
#include "front/exchange.h"
#include "front/greet.h"
#include "front/handover.h"

enum {
	READ_CHUNK = 1000, /* idle clients hold a buffer just over this */
	ROUNDS_MAX = 32,   /* commands of one client before the next's turn */
};

static void
set_secure(struct conn *conn)
{
	const struct front *front = conn->front;
	struct login *login = conn->login;

	struct tls_facts facts = { 0 };

	login->tls = conn->tls.ssl != NULL;
	if (login->tls)
		tls_get_facts(&facts, &conn->tls);
	login->certified = facts.client[0] != '\0';
	login->bound = facts.has_exporter || facts.unique_len > 0;
	login->can_starttls = !login->tls && front->tls != NULL;
	login->secure = login->tls || addr_is_loopback(&conn->client) ||
	    front->conf.allow_plaintext;
}

/* The client may hear our first word now. */
void
conn_begin(struct conn *conn)
{
	if (conn->service->login == NULL) {
		greet_start(conn);
		return;
	}
	conn->login = xcalloc(1, sizeof(*conn->login));
	login_init(conn->login, &conn->front->rules, &conn->out);
	set_secure(conn);
	conn->state = CONN_LOGIN;
	conn->service->login->greet(conn->login);
	conn_run(conn);
}

void
conn_begin_again(struct conn *conn)
{
	login_forget(conn->login);
	set_secure(conn);
	conn->state = CONN_LOGIN;
	conn_arm_login(conn);
	conn_run(conn);
}

/* What we said goes out before the session's words. */
void
conn_leave(struct conn *conn)
{
	int flushed = conn_flush(conn);

	conn->state = CONN_HANDOVER;
	conn_want(&conn->read, false);
	if (flushed < 0)
		conn_free(conn);
	else if (flushed > 0)
		handover_start(conn);
}

/* authd has a word to say; what we said meanwhile goes out. */
static void
ask(struct conn *conn, enum login_next next)
{
	conn->state = CONN_ASKED;
	conn_want(&conn->read, false);
	(void)event_del(&conn->timer);
	if (conn_flush(conn) < 0)
		conn_free(conn);
	else if (next == LOGIN_START)
		exchange_start(conn);
	else
		exchange_respond(conn);
}

void
conn_go_on(struct conn *conn, enum login_next next)
{
	switch (next) {
	case LOGIN_TLS:
		conn_start_tls(conn);
		return;
	case LOGIN_START:
	case LOGIN_RESPOND:
		ask(conn, next);
		return;
	case LOGIN_CANCEL:
		exchange_drop(conn);
		break;
	case LOGIN_DONE:
		front_log_login(conn, "Login");
		conn_arm_login(conn);
		conn_leave(conn);
		return;
	case LOGIN_CLOSE:
		conn_finish(conn);
		return;
	case LOGIN_WAIT:
	case LOGIN_AGAIN:
		break;
	}
	conn->state = CONN_LOGIN;
	conn_arm_login(conn);
	conn_run(conn);
}

/* 1: more is there to look at; 0: wait; -1: the client is gone. */
static int
fill(struct conn *conn)
{
	size_t room = LOGIN_INPUT_MAX - conn->in.len, done;
	enum tls_io io;
	char *to;

	if (room == 0)
		return 0;
	if (room > READ_CHUNK)
		room = READ_CHUNK;
	to = buf_reserve(&conn->in, room);
	io = conn_read(conn, to, room, &done);
	if (io == TLS_OK) {
		conn->in.len += done;
		conn_arm_login(conn);
		return 1;
	}
	if (io == TLS_EOF || io == TLS_FAIL)
		return -1;
	conn_want(&conn->write, io == TLS_WANT_WRITE);
	return 0;
}

/* Take one command. */
static enum login_next
step(struct conn *conn)
{
	struct str in = buf_str(&conn->in);
	enum login_next next = conn->service->login->step(conn->login, &in);

	buf_consume(&conn->in, conn->in.len - in.len);
	if (conn->in.len == 0)
		buf_clear(&conn->in); /* it may idle for a while */
	return next;
}

/* LOGIN: run commands until there is nothing to do but wait. */
void
conn_run(struct conn *conn)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		enum login_next next = step(conn);
		int filled;

		if (next == LOGIN_AGAIN && conn->out.len < LOGIN_OUTPUT_PAUSE)
			continue;
		if (next != LOGIN_AGAIN && next != LOGIN_WAIT) {
			conn_go_on(conn, next);
			return;
		}
		switch (conn_flush(conn)) {
		case -1:
			conn_free(conn);
			return;
		case 0: /* it must read before it may say more */
			conn_want(&conn->read, false);
			return;
		}
		if (next == LOGIN_AGAIN)
			continue;
		filled = fill(conn);
		if (filled < 0) {
			front_log_login(conn, "Disconnected");
			conn_free(conn);
			return;
		}
		if (filled == 0) {
			conn_want(&conn->read, true);
			return;
		}
	}
	conn_want(&conn->read, true);
	event_active(&conn->read, EV_READ, 0); /* others first */
}
