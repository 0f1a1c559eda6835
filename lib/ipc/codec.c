#include "ipc/codec.h"

#include <string.h>
#include <unistd.h>

#include "base/num.h"

/* Lists within lists: the deepest table we have, and one more. */
enum { IPC_DEPTH = 4 };

static const struct ipc_field error_fields[] = {
	IPC_FIELD(struct ipc_error, U8, kind, 0),
	IPC_FIELD(struct ipc_error, U8, cause, 0),
	IPC_FIELD(struct ipc_error, STR, text, 1000),
};
const struct ipc_msg ipc_error_msg =
    IPC_MSG(ipc_error, IPC_ERROR, error_fields);

/* The smallest number of payload bytes a field can take. */
static size_t
field_least(const struct ipc_field *field)
{
	switch (field->type) {
	case IPC_U8:
	case IPC_BOOL:
	case IPC_FD:
		return 1;
	case IPC_U16:
		return 2;
	case IPC_U64:
		return 8;
	default:
		return 4;
	}
}

static int encode_fields(struct buf *out, struct ipc_fds *fds,
    const struct ipc_msg *msg, const char *in, int depth, struct err *err);

static int
encode_list(struct buf *out, struct ipc_fds *fds, const struct ipc_field *field,
    const struct ipc_list *list, int depth, struct err *err)
{
	if (list->count > field->max || depth == 0)
		return err_set(err, ERR_LIMIT, "ipc: %s: %zu members",
		    field->name, list->count);
	(void)buf_add_u32(out, (uint32_t)list->count);
	for (size_t i = 0; i < list->count; i++) {
		if (encode_fields(out, fds, field->item,
			(const char *)list->items + i * field->item->size,
			depth - 1, err) < 0)
			return -1;
	}
	return 0;
}

static int
encode_fd(struct buf *out, struct ipc_fds *fds, int fd, struct err *err)
{
	if (fd >= 0) {
		if (fds->count == IPC_FDS_MAX)
			return err_set(err, ERR_LIMIT, "ipc: descriptors");
		fds->fd[fds->count++] = fd;
	}
	(void)buf_add_u8(out, fd >= 0);
	return 0;
}

static int
encode_str(struct buf *out, const struct ipc_field *field, const struct str *s,
    struct err *err)
{
	if (s->len > field->max || s->len > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "ipc: %s: %zu bytes",
		    field->name, s->len);
	(void)buf_add_u32(out, (uint32_t)s->len);
	(void)buf_add_str(out, *s);
	return 0;
}

static int
encode_field(struct buf *out, struct ipc_fds *fds,
    const struct ipc_field *field, const void *in, int depth, struct err *err)
{
	switch (field->type) {
	case IPC_U8:
		(void)buf_add_u8(out, *(const uint8_t *)in);
		return 0;
	case IPC_U16:
		(void)buf_add_u16(out, *(const uint16_t *)in);
		return 0;
	case IPC_U32:
		(void)buf_add_u32(out, *(const uint32_t *)in);
		return 0;
	case IPC_U64:
		(void)buf_add_u64(out, *(const uint64_t *)in);
		return 0;
	case IPC_BOOL:
		(void)buf_add_u8(out, *(const bool *)in);
		return 0;
	case IPC_STR:
		return encode_str(out, field, in, err);
	case IPC_FD:
		return encode_fd(out, fds, *(const int *)in, err);
	case IPC_LIST:
		return encode_list(out, fds, field, in, depth, err);
	}
	return err_set(err, ERR_CORRUPT, "ipc: table of %s", field->name);
}

static int
encode_fields(struct buf *out, struct ipc_fds *fds, const struct ipc_msg *msg,
    const char *in, int depth, struct err *err)
{
	for (size_t i = 0; i < msg->count; i++) {
		const struct ipc_field *field = &msg->fields[i];

		if (encode_field(out, fds, field, in + field->offset, depth,
			err) < 0)
			return -1;
	}
	return 0;
}

int
ipc_encode(struct buf *out, struct ipc_fds *fds, const struct ipc_msg *msg,
    const void *in, struct err *err)
{
	if (encode_fields(out, fds, msg, in, IPC_DEPTH, err) < 0)
		return err_prefix(err, "%s", msg->name);
	if (out->full)
		return err_set(err, ERR_LIMIT, "ipc: %s too large", msg->name);
	return 0;
}

static int
short_payload(const struct ipc_field *field, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "ipc: payload ends in %s",
	    field->name);
}

static int decode_fields(char *out, const struct ipc_msg *msg,
    struct str *payload, struct ipc_fds *fds, struct arena *arena, int depth,
    struct err *err);

static int
decode_list(struct ipc_list *list, const struct ipc_field *field,
    struct str *payload, struct ipc_fds *fds, struct arena *arena, int depth,
    struct err *err)
{
	uint32_t count = num_get_u32(payload->p);
	size_t least = 0;
	char *items;

	str_skip(payload, 4);
	for (size_t i = 0; i < field->item->count; i++)
		least += field_least(&field->item->fields[i]);
	if (count > field->max || depth == 0 || least == 0 ||
	    count > payload->len / least)
		return err_set(err, ERR_CORRUPT, "ipc: %s: %u members",
		    field->name, count);
	items = arena_calloc(arena, count, field->item->size);
	if (items == NULL)
		return err_set(err, ERR_LIMIT, "ipc: %s: no room", field->name);
	*list = (struct ipc_list){ items, count };
	for (uint32_t i = 0; i < count; i++) {
		if (decode_fields(items + i * field->item->size, field->item,
			payload, fds, arena, depth - 1, err) < 0)
			return -1;
	}
	return 0;
}

static int
decode_fd(int *fd, const struct ipc_field *field, unsigned char there,
    struct ipc_fds *fds, struct err *err)
{
	*fd = -1;
	if (there > 1 || (there == 1 && fds->count == 0))
		return err_set(err, ERR_CORRUPT, "ipc: %s: no descriptor",
		    field->name);
	if (there == 1) {
		*fd = fds->fd[0];
		fds->count--;
		memmove(fds->fd, fds->fd + 1,
		    (size_t)fds->count * sizeof(fds->fd[0]));
	}
	return 0;
}

static int
decode_str(struct str *s, const struct ipc_field *field, struct str *payload,
    struct err *err)
{
	uint32_t len = num_get_u32(payload->p);

	str_skip(payload, 4);
	if (len > field->max)
		return err_set(err, ERR_CORRUPT, "ipc: %s: %u bytes",
		    field->name, len);
	if (len > payload->len)
		return short_payload(field, err);
	*s = str_sub(*payload, 0, len);
	str_skip(payload, len);
	return 0;
}

static int
decode_field(void *out, const struct ipc_field *field, struct str *payload,
    struct ipc_fds *fds, struct arena *arena, int depth, struct err *err)
{
	const unsigned char *p = (const unsigned char *)payload->p;
	size_t least = field_least(field);

	if (payload->len < least)
		return short_payload(field, err);
	switch (field->type) {
	case IPC_STR:
		return decode_str(out, field, payload, err);
	case IPC_LIST:
		return decode_list(out, field, payload, fds, arena, depth, err);
	case IPC_U8:
		*(uint8_t *)out = p[0];
		break;
	case IPC_U16:
		*(uint16_t *)out = num_get_u16(p);
		break;
	case IPC_U32:
		*(uint32_t *)out = num_get_u32(p);
		break;
	case IPC_U64:
		*(uint64_t *)out = num_get_u64(p);
		break;
	case IPC_BOOL:
		if (p[0] > 1)
			return err_set(err, ERR_CORRUPT, "ipc: %s: %d",
			    field->name, p[0]);
		*(bool *)out = p[0] == 1;
		break;
	case IPC_FD:
		if (decode_fd(out, field, p[0], fds, err) < 0)
			return -1;
		break;
	}
	str_skip(payload, least);
	return 0;
}

static int
decode_fields(char *out, const struct ipc_msg *msg, struct str *payload,
    struct ipc_fds *fds, struct arena *arena, int depth, struct err *err)
{
	for (size_t i = 0; i < msg->count; i++) {
		const struct ipc_field *field = &msg->fields[i];

		if (decode_field(out + field->offset, field, payload, fds,
			arena, depth, err) < 0)
			return -1;
	}
	return 0;
}

/* Descriptors a failed decode had handed out already must not leak. */
static void
close_taken(char *out, const struct ipc_msg *msg)
{
	for (size_t i = 0; i < msg->count; i++) {
		const struct ipc_field *field = &msg->fields[i];
		int *fd = (int *)(void *)(out + field->offset);

		if (field->type == IPC_FD && *fd >= 0) {
			(void)close(*fd);
			*fd = -1;
		}
	}
}

static void
clear_fds(char *out, const struct ipc_msg *msg)
{
	memset(out, 0, msg->size);
	for (size_t i = 0; i < msg->count; i++) {
		if (msg->fields[i].type == IPC_FD)
			*(int *)(void *)(out + msg->fields[i].offset) = -1;
	}
}

int
ipc_decode(void *out, const struct ipc_msg *msg, struct str payload,
    struct ipc_fds *fds, struct arena *arena, struct err *err)
{
	clear_fds(out, msg);
	if (decode_fields(out, msg, &payload, fds, arena, IPC_DEPTH, err) < 0) {
		close_taken(out, msg);
		return err_prefix(err, "%s", msg->name);
	}
	if (payload.len > 0) {
		close_taken(out, msg);
		return err_set(err, ERR_CORRUPT, "%s: %zu bytes left over",
		    msg->name, payload.len);
	}
	return 0;
}

void
ipc_fds_close(struct ipc_fds *fds)
{
	while (fds->count > 0)
		(void)close(fds->fd[--fds->count]);
}

int
ipc_error_to_err(const struct ipc_error *error, struct err *err)
{
	enum err_kind kind = error->kind;
	enum err_cause cause = error->cause;

	if (kind == ERR_NONE || kind > ERR_CORRUPT)
		kind = ERR_TEMP;
	if (cause > ERR_CAUSE_LAST)
		cause = ERR_CAUSE_NONE;
	return err_set_cause(err, kind, cause, "%" STR_F, STR_A(error->text));
}
