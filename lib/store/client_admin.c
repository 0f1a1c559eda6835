/*
 * client_admin - what the operator asks of stored: the part of
 * store/client.h that no session needs.
 */
#include "store/client_impl.h"

int
store_client_graves(struct store_client *client, const struct store_graves *req,
    struct arena *arena, struct store_graves_are *answer, struct err *err)
{
	struct store_grave *grave;

	if (client_call(client, arena, &store_graves_msg, req,
		&store_graves_are_msg, answer, err) < 0)
		return -1;
	grave = answer->graves.items;
	for (size_t i = 0; i < answer->graves.count; i++)
		grave[i].digest = arena_str(arena, grave[i].digest);
	return 0;
}

int
store_client_undelete(struct store_client *client,
    const struct store_undelete *req, uint32_t *count, struct err *err)
{
	struct store_undeleted answer = { 0 };
	int ret;

	arena_reset(client->arena);
	ret = client_call(client, client->arena, &store_undelete_msg, req,
	    &store_undeleted_msg, &answer, err);

	*count = answer.count;
	return ret;
}

int
store_client_browse(struct store_client *client, const struct store_browse *req,
    struct arena *arena, struct store_browsed *answer, struct err *err)
{
	struct store_browsed_message *message;
	struct store_word *word;

	if (client_call(client, arena, &store_browse_msg, req,
		&store_browsed_msg, answer, err) < 0)
		return -1;
	word = answer->keywords.items;
	for (size_t i = 0; i < answer->keywords.count; i++)
		word[i].word = arena_str(arena, word[i].word);
	message = answer->messages.items;
	for (size_t i = 0; i < answer->messages.count; i++) {
		message[i].prefix = arena_str(arena, message[i].prefix);
		message[i].guid = arena_str(arena, message[i].guid);
	}
	return 0;
}
