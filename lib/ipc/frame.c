#include "ipc/frame.h"

#include "base/num.h"

int
frame_write(struct buf *out, struct ipc_fds *fds, const struct ipc_msg *msg,
    uint16_t tag, const void *in, struct err *err)
{
	size_t at = out->len;
	int fds_before = fds->count;
	unsigned char *head;

	if (buf_reserve(out, FRAME_HEADER) == NULL)
		return err_set(err, ERR_LIMIT, "ipc: no room for a frame");
	out->len += FRAME_HEADER;
	if (ipc_encode(out, fds, msg, in, err) < 0)
		goto fail;
	if (out->len - at - FRAME_HEADER > FRAME_PAYLOAD_MAX) {
		err_set(err, ERR_LIMIT, "ipc: %s too large", msg->name);
		goto fail;
	}
	head = (unsigned char *)out->p + at;
	head[0] = 'C';
	head[1] = 'h';
	head[2] = FRAME_VERSION;
	head[3] = (unsigned char)(fds->count - fds_before);
	num_put_u16(head + 4, msg->type);
	num_put_u16(head + 6, tag);
	num_put_u32(head + 8, (uint32_t)(out->len - at - FRAME_HEADER));
	return 0;
fail:
	buf_truncate(out, at);
	out->full = false;
	fds->count = fds_before;
	return -1;
}

size_t
frame_size(struct str in)
{
	if (in.len < FRAME_HEADER)
		return 0;
	return FRAME_HEADER + (size_t)num_get_u32(in.p + 8);
}

int
frame_take(struct str *in, struct frame *frame, struct err *err)
{
	const unsigned char *head = (const unsigned char *)in->p;
	uint32_t len;

	if (in->len < FRAME_HEADER)
		return 0;
	len = num_get_u32(head + 8);
	if (head[0] != 'C' || head[1] != 'h')
		return err_set(err, ERR_CORRUPT, "ipc: not a frame");
	if (head[2] != FRAME_VERSION)
		return err_set(err, ERR_CORRUPT, "ipc: frame version %d",
		    head[2]);
	if (len > FRAME_PAYLOAD_MAX || head[3] > IPC_FDS_MAX)
		return err_set(err, ERR_CORRUPT, "ipc: frame of %u bytes", len);
	if (in->len - FRAME_HEADER < len)
		return 0;
	frame->fds = head[3];
	frame->type = num_get_u16(head + 4);
	frame->tag = num_get_u16(head + 6);
	frame->payload = str_sub(*in, FRAME_HEADER, FRAME_HEADER + len);
	str_skip(in, FRAME_HEADER + len);
	return 1;
}
