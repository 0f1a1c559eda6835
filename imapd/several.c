#include "imapd/several.h"

#include "imapd/command.h"
#include "imapd/session.h"
#include "store/client.h"
#include "store/digest.h"

enum {
	OPEN_MAX = 64,       /* uploads that stored has not answered */
	OPEN_BYTES = 2 << 20 /* and what they may hold together */
};

/* Take the answer to one of the uploads; false: there is none. */
static bool
end_one(struct append *append)
{
	struct store_client *store = append->cmd->session->store;
	struct store_appended answer;
	struct err refused, err;
	uint16_t number;
	int ret;

	(void)err_set(&err, ERR_TEMP, "stored: no answer");
	ret = store_client_append_end(store, true, append->cmd->arena, &number,
	    &answer, &refused, &err);
	if (ret <= 0) {
		append->open = 0;
		append_fail(append, &err);
		return false;
	}
	append->open--;
	if (append->open == 0)
		append->open_bytes = 0;
	if (refused.kind != ERR_NONE)
		append_fail(append, &refused);
	for (size_t i = append->sent; i-- > 0;) {
		if (append->part[i].number != number)
			continue;
		append->part[i].number = 0;
		if (refused.kind == ERR_NONE)
			append->part[i].blob = answer.blob;
		break;
	}
	return true;
}

static void
end_all(struct append *append)
{
	while (append->open > 0 && end_one(append))
		;
}

static int
send_large(struct append *append, struct part *part, struct store_append *req,
    struct err *err)
{
	struct store_client *store = append->cmd->session->store;
	struct store_appended answer;

	if (store_client_append(store, req, append->cmd->arena, &answer, err) <
	    0)
		return -1;
	part->blob = answer.blob;
	return 0;
}

static int
send_small(struct append *append, struct part *part,
    const struct store_append *req, struct err *err)
{
	struct store_client *store = append->cmd->session->store;

	if (append->open >= OPEN_MAX || append->open_bytes >= OPEN_BYTES)
		(void)end_one(append);
	if (store_client_append_begin(store, req, &part->number, err) < 0)
		return -1;
	append->open++;
	append->open_bytes += req->body.len;
	return 0;
}

/* The next part, as an upload; large NULL: its message is in memory. */
static void
send_one(struct append *append, const struct upload *large)
{
	struct part *part = &append->part[append->sent];
	struct store_append req = {
		.internal = INT64_MIN,
		.digest = buf_str(&part->digest),
		.body = buf_str(&part->message),
		.hold = true,
	};
	struct err err;
	int ret;

	if (append->sent++ == 0)
		pipeline_drain(append->cmd->session);
	if (large != NULL) {
		upload_name(large, &req);
		ret = send_large(append, part, &req, &err);
	} else {
		ret = send_small(append, part, &req, &err);
	}
	if (ret < 0)
		append_fail(append, &err);
	buf_clear(&part->message);
	buf_clear(&part->digest);
}

void
several_before_large(struct append *append)
{
	/* The newest is the large one. */
	while (append->sent + 1 < append->count && !append->failed)
		send_one(append, NULL);
	end_all(append);
}

void
several_add(struct append *append, struct upload *upload)
{
	struct part *part = &append->part[append->count - 1];
	bool is_large = upload->large.fd >= 0;

	buf_init(&part->digest, STORE_DIGEST_MAX);
	upload_digest(upload, &part->digest);
	part->message = upload->memory;
	buf_init(&upload->memory, 0);
	append->bytes += part->message.len + part->digest.len;
	if (append->sent == 0 && !is_large &&
	    append->bytes <= STORE_MSG_INLINE_MAX)
		return;
	while (append->sent < append->count && !append->failed)
		send_one(append,
		    is_large && append->sent + 1 == append->count ? upload :
								    NULL);
}

/* All of them are here, and fit into one request. */
static void
store_together(struct append *append)
{
	struct command *cmd = append->cmd;
	struct store_appendee *item =
	    arena_calloc(cmd->arena, append->count, sizeof(*item));
	struct store_append_all req = {
		.name = append->name,
		.messages = { item, append->count },
	};
	struct err err;

	if (item == NULL) {
		(void)err_set(&err, ERR_LIMIT, "too many messages");
		append_fail(append, &err);
		return;
	}
	for (size_t i = 0; i < append->count; i++) {
		const struct part *part = &append->part[i];

		item[i] = (struct store_appendee){
			.internal = part->internal,
			.flags = (uint16_t)part->flags.bits,
			.keywords = { part->flags.keyword,
			    part->flags.keywords },
			.digest = buf_str(&part->digest),
			.body = buf_str(&part->message),
		};
	}
	if (pipeline_append_all(cmd, &req, append->bytes, &err) < 0)
		append_fail(append, &err);
}

/*
 * All uploads are there: into the mailbox with them, or away. Should that
 * fail, too, they go by themselves after an hour.
 */
static void
adopt(struct append *append)
{
	struct command *cmd = append->cmd;
	struct store_adoptee *item;
	struct store_adopt req = { .user = STR(""), .name = append->name };
	struct store_adopted answer;
	struct err err;

	end_all(append);
	item = arena_calloc(cmd->arena, append->count, sizeof(*item));
	if (item == NULL) {
		(void)err_set(&err, ERR_LIMIT, "too many messages");
		append_fail(append, &err);
		return;
	}
	for (size_t i = 0; i < append->sent; i++) {
		const struct part *part = &append->part[i];

		if (part->blob == 0)
			continue;
		item[req.uploads.count++] = (struct store_adoptee){
			.blob = part->blob,
			.internal = part->internal,
			.flags = (uint16_t)part->flags.bits,
			.keywords = { part->flags.keyword,
			    part->flags.keywords },
		};
	}
	req.uploads.items = item;
	if (append->failed)
		req.name = STR("");
	if (req.uploads.count == 0)
		return;
	if (store_client_adopt(cmd->session->store, &req, &answer, &err) < 0)
		append_fail(append, &err);
	else if (!append->failed)
		command_ok(cmd, "[APPENDUID %u %u:%u] appended",
		    answer.uidvalidity, answer.first,
		    answer.first + (answer.count - 1));
}

void
several_end(struct append *append)
{
	if (append->sent > 0)
		adopt(append);
	else if (append->count > 1 && !append->failed)
		store_together(append);
	for (size_t i = append->sent; i < append->count; i++) {
		buf_clear(&append->part[i].message);
		buf_clear(&append->part[i].digest);
	}
}
