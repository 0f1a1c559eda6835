/*
 * client_large - bodies that come by descriptor: a client asks for a file,
 * writes it, and names its token in an append.
 */
#include <unistd.h>

#include "stored/stored.h"

static struct client_large *
find(struct client *client, uint64_t token)
{
	for (int i = 0; i < STORED_LARGE_MAX; i++)
		if (client->large[i].token == token)
			return &client->large[i];
	return NULL;
}

void
client_large_open(struct client *client, uint16_t tag,
    const struct store_large *in)
{
	struct client_large *slot = find(client, 0);
	struct store_large_open out = {
		.limit = client->stored->conf.message_limit,
	};
	struct err err;

	out.fd = -1;
	if (in->size_hint > out.limit)
		(void)err_set(&err, ERR_LIMIT, "message is too large");
	else if (slot == NULL)
		(void)err_set(&err, ERR_LIMIT, "too many large bodies");
	else
		out.fd =
		    engine_open_large(client->stored->engine, slot->name, &err);
	if (out.fd < 0) {
		ipc_peer_error(client->peer, tag, &err);
		return;
	}
	slot->fd = out.fd;
	slot->token = ++client->next_token;
	out.token = slot->token;
	ipc_peer_send(client->peer, &store_large_open_msg, tag, &out);
}

bool
client_large_take(struct client *client, uint64_t token,
    struct request *request)
{
	struct client_large *slot = find(client, token);

	if (slot == NULL)
		return false;
	request->fd = slot->fd;
	memcpy(request->large_name, slot->name, sizeof(slot->name));
	slot->token = 0;
	return true;
}

void
client_large_clear(struct client *client)
{
	for (int i = 0; i < STORED_LARGE_MAX; i++) {
		struct client_large *slot = &client->large[i];

		if (slot->token == 0)
			continue;
		(void)close(slot->fd);
		engine_drop_large(client->stored->engine, slot->name);
		slot->token = 0;
	}
}
