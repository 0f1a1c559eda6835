#include "front/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"

enum { MECH_SIZE = 24 }; /* RFC 4422: 20, and a NUL */

struct exchange {
	struct front *front;
	struct conn *conn; /* NULL: the client is gone */
	uint64_t id;
	bool asked;         /* an answer is on its way */
	bool granted;       /* authd counts a session until auth_end */
	int64_t since;      /* monotonic, when it began */
	int64_t granted_at; /* us since 1970 */
	char session[FRONT_SESSION_SIZE];
	char mech[MECH_SIZE];
	struct buf user, ticket;
};

static void
free_exchange(struct exchange *exchange)
{
	buf_clear(&exchange->user);
	buf_clear(&exchange->ticket);
	free(exchange);
}

static void
tell_end(struct front *front, const char *session, struct str user)
{
	struct auth_end end = { str_of(session), user };

	ipc_async_tell(front->authd, &auth_end_msg, &end);
}

static void
tell_cancel(struct exchange *exchange)
{
	struct auth_next next = { .id = exchange->id, .cancel = true };

	(void)ipc_async_call(exchange->front->authd, &auth_next_msg, &next,
	    &auth_step_msg, NULL, NULL);
}

/* Nobody waits for this answer any more. */
static void
orphan_answer(struct exchange *exchange, enum auth_status status,
    const struct auth_step *step)
{
	if (status == AUTH_OK)
		tell_end(exchange->front, exchange->session, step->user);
	else if (status == AUTH_CONTINUE)
		tell_cancel(exchange);
	free_exchange(exchange);
}

static void
grant(struct exchange *exchange, const struct auth_step *step)
{
	exchange->granted = true;
	exchange->granted_at = time_real();
	(void)buf_add_str(&exchange->user, step->user);
	(void)buf_add_str(&exchange->ticket, step->ticket);
	daemon_count(exchange->front->daemon, FRONT_LOGINS, 1);
	daemon_observe(exchange->front->daemon, FRONT_LOGIN_TIME,
	    time_mono() - exchange->since);
}

static void
refuse(struct exchange *exchange, enum auth_status status)
{
	struct conn *conn = exchange->conn;

	daemon_count(exchange->front->daemon, FRONT_LOGIN_FAILURES, 1);
	front_log_login(conn,
	    status == AUTH_TEMP ? "Login failed (authentication service down)" :
				  "Aborted login (auth failed)");
	conn->exchange = NULL;
	free_exchange(exchange);
}

static void
on_step(void *ctx, const void *answer, const struct err *err)
{
	struct exchange *exchange = ctx;
	const struct auth_step *step = answer;
	struct conn *conn = exchange->conn;
	enum auth_status status =
	    step == NULL ? AUTH_TEMP : (enum auth_status)step->status;
	struct str challenge = { 0 };

	exchange->asked = false;
	if (conn == NULL) {
		orphan_answer(exchange, status, step);
		return;
	}
	if (step == NULL)
		log_warn("authd: %s", err->text);
	else
		challenge = step->challenge;
	if (status == AUTH_OK)
		grant(exchange, step);
	else if (status != AUTH_CONTINUE)
		refuse(exchange, status);
	conn_go_on(conn,
	    conn->service->login->verdict(conn->login, status, challenge));
}

static void
ask(struct exchange *exchange, const struct ipc_msg *msg, const void *req)
{
	struct front *front = exchange->front;

	exchange->asked = true;
	(void)ipc_async_call(front->authd, msg, req, &auth_step_msg, on_step,
	    exchange);
	buf_reset(&exchange->conn->login->response); /* it is a password */
}

void
exchange_start(struct conn *conn)
{
	struct login *login = conn->login;
	char client[ADDR_IP_SIZE], local[ADDR_IP_SIZE];
	struct exchange *exchange = xcalloc(1, sizeof(*exchange));
	struct tls_facts facts = { 0 };
	struct auth_start start;

	exchange->front = conn->front;
	exchange->conn = conn;
	exchange->id = ++conn->front->exchanges;
	exchange->since = time_mono();
	(void)snprintf(exchange->session, sizeof(exchange->session), "%s",
	    conn->session);
	(void)snprintf(exchange->mech, sizeof(exchange->mech), "%" STR_F,
	    STR_A(buf_str(&login->mech)));
	buf_init(&exchange->user, 320);
	buf_init_secret(&exchange->ticket, AUTH_TICKET_MAX);
	conn->exchange = exchange;
	if (login->tls)
		tls_get_facts(&facts, &conn->tls);
	start = (struct auth_start){
		.id = exchange->id,
		.session = str_of(conn->session),
		.service = str_of(conn->service->login->sasl),
		.mech = buf_str(&login->mech),
		.has_initial = login->has_initial,
		.initial = buf_str(&login->response),
		.client_addr = str_of(addr_format_ip(client, &conn->client)),
		.local_addr = str_of(addr_format_ip(local, &conn->local)),
		.secure = login->secure,
	};
	if (facts.has_exporter)
		start.tls_binding =
		    str_make(facts.exporter, sizeof(facts.exporter));
	start.tls_client = str_of(facts.client);
	start.tls_unique = str_make(facts.unique, facts.unique_len);
	ask(exchange, &auth_start_msg, &start);
}

void
exchange_respond(struct conn *conn)
{
	struct auth_next next = {
		.id = conn->exchange->id,
		.response = buf_str(&conn->login->response),
	};

	ask(conn->exchange, &auth_next_msg, &next);
}

void
exchange_drop(struct conn *conn)
{
	struct exchange *exchange = conn->exchange;

	conn->exchange = NULL;
	if (exchange == NULL)
		return;
	exchange->conn = NULL;
	if (exchange->asked)
		return; /* on_step sees to the rest */
	if (exchange->granted)
		tell_end(exchange->front, exchange->session,
		    buf_str(&exchange->user));
	else
		tell_cancel(exchange);
	free_exchange(exchange);
}

bool
exchange_is_void(const struct conn *conn, struct str user, uint64_t not_before)
{
	const struct exchange *exchange = conn->exchange;

	return exchange != NULL && exchange->granted &&
	    str_eq(buf_str(&exchange->user), user) &&
	    (uint64_t)(exchange->granted_at / TIME_SECOND) < not_before;
}

struct str
exchange_user(const struct conn *conn)
{
	if (conn->exchange == NULL)
		return (struct str){ 0 };
	return buf_str(&conn->exchange->user);
}

struct str
exchange_ticket(const struct conn *conn)
{
	if (conn->exchange == NULL)
		return (struct str){ 0 };
	return buf_str(&conn->exchange->ticket);
}

void
exchange_fill_resume(const struct conn *conn, struct auth_resume *out)
{
	const struct exchange *exchange = conn->exchange;

	*out = (struct auth_resume){
		.session = str_of(exchange->session),
		.user = buf_str(&exchange->user),
		.service = str_of(conn->service->login->sasl),
		.mech = str_of(exchange->mech),
		.since = (uint64_t)(exchange->granted_at / TIME_SECOND),
	};
}

void
exchange_set_ticket(struct conn *conn, struct str ticket)
{
	buf_clear(&conn->exchange->ticket);
	(void)buf_add_str(&conn->exchange->ticket, ticket);
}
