/*
 * client_admin - what the operator asks of stored: the part of
 * store/client.h that no session needs.
 */
#include "store/client_impl.h"

static int
list(struct store_client *client, const struct store_list *req,
    struct arena *arena, struct store_listed *answer, struct err *err)
{
	struct store_listing *item;

	if (client_call(client, arena, &store_list_msg, req, &store_listed_msg,
		answer, err) < 0)
		return -1;
	item = answer->mailboxes.items;
	for (size_t i = 0; i < answer->mailboxes.count; i++)
		item[i].name = arena_str(arena, item[i].name);
	return 0;
}

int
store_client_list(struct store_client *client, struct str user_name,
    struct str after, struct arena *arena, struct store_listed *answer,
    struct err *err)
{
	struct store_list req = { .user = user_name, .after = after };

	return list(client, &req, arena, answer, err);
}

int
store_client_list_deleted(struct store_client *client, struct str user_name,
    uint32_t above, struct arena *arena, struct store_listed *answer,
    struct err *err)
{
	struct store_list req = { .user = user_name,
		.after = STR(""),
		.deleted = true,
		.above = above };

	return list(client, &req, arena, answer, err);
}

static int
remove_kept(struct store_client *client, enum store_mailbox_op op,
    struct str user_name, struct str name, struct err *err)
{
	struct store_mailbox req = { .op = op,
		.user = user_name,
		.name = name,
		.wholly = true };
	struct store_mailbox_done answer;

	arena_reset(client->arena);
	return client_call(client, client->arena, &store_mailbox_msg, &req,
	    &store_mailbox_done_msg, &answer, err);
}

int
store_client_delete_wholly(struct store_client *client, struct str user_name,
    struct str name, struct err *err)
{
	return remove_kept(client, STORE_DELETE, user_name, name, err);
}

int
store_client_purge(struct store_client *client, struct str user_name,
    struct err *err)
{
	return remove_kept(client, STORE_PURGE, user_name, STR(""), err);
}

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
