#include "rewritec/rewritec.h"

void
rewritec_init(struct rewritec *client, const char *path)
{
	client->path = path;
	ipc_conn_init(&client->conn, -1, REWRITEC_TIMEOUT_MS);
}

void
rewritec_clear(struct rewritec *client)
{
	ipc_conn_clear(&client->conn);
}

static int
call(struct rewritec *client, const struct ipc_msg *msg, const void *req,
    const struct ipc_msg *answer_msg, void *answer, struct arena *arena,
    struct err *err)
{
	bool was_open = client->conn.fd >= 0;

	if (ipc_conn_open(&client->conn, client->path, err) < 0)
		return -1;
	if (ipc_conn_call(&client->conn, msg, req, answer_msg, answer, arena,
		err) == 0)
		return 0;
	/* Still connected: that was rewrite's own word. */
	if (client->conn.fd >= 0 || !was_open)
		return -1;
	if (ipc_conn_open(&client->conn, client->path, err) < 0)
		return -1;
	return ipc_conn_call(&client->conn, msg, req, answer_msg, answer, arena,
	    err);
}

/* The answer's strings die with the next question: keep them. */
static int
keep(struct arena *arena, struct str *s, struct err *err)
{
	*s = arena_str(arena, *s);
	if (s->p == NULL)
		return err_set(err, ERR_LIMIT, "rewrite: answer too large");
	return 0;
}

int
rewritec_rcpt(struct rewritec *client, struct str address, struct str sender,
    struct rewrite_rcpt_answer *answer, struct arena *arena, struct err *err)
{
	struct rewrite_rcpt req = { .address = address, .sender = sender };
	struct rewrite_target *target;

	if (address.len > REWRITE_ADDRESS_MAX) {
		*answer = (struct rewrite_rcpt_answer){
			.status = REWRITE_UNKNOWN,
		};
		return 0;
	}
	if (call(client, &rewrite_rcpt_msg, &req, &rewrite_rcpt_answer_msg,
		answer, arena, err) < 0)
		return -1;
	target = answer->targets.items;
	for (size_t i = 0; i < answer->targets.count; i++) {
		if (keep(arena, &target[i].address, err) < 0 ||
		    keep(arena, &target[i].transport, err) < 0 ||
		    keep(arena, &target[i].nexthop, err) < 0 ||
		    keep(arena, &target[i].sender, err) < 0 ||
		    keep(arena, &target[i].forwarder, err) < 0)
			return -1;
	}
	return 0;
}

int
rewritec_user(struct rewritec *client, struct str address,
    struct rewrite_user_answer *answer, struct arena *arena, struct err *err)
{
	struct rewrite_user req = { .address = address };

	if (address.len > REWRITE_ADDRESS_MAX) {
		*answer = (struct rewrite_user_answer){
			.status = REWRITE_UNKNOWN,
		};
		return 0;
	}
	if (call(client, &rewrite_user_msg, &req, &rewrite_user_answer_msg,
		answer, arena, err) < 0 ||
	    keep(arena, &answer->user, err) < 0 ||
	    keep(arena, &answer->detail, err) < 0 ||
	    keep(arena, &answer->partition, err) < 0)
		return -1;
	return 0;
}

int
rewritec_sender(struct rewritec *client, struct str user, struct str address,
    bool *allowed, struct arena *arena, struct err *err)
{
	struct rewrite_sender req = { .user = user, .address = address };
	struct rewrite_sender_answer answer;

	*allowed = false;
	if (user.len > REWRITE_ADDRESS_MAX || address.len > REWRITE_ADDRESS_MAX)
		return 0;
	if (call(client, &rewrite_sender_msg, &req, &rewrite_sender_answer_msg,
		&answer, arena, err) < 0)
		return -1;
	*allowed = answer.allowed;
	return 0;
}
