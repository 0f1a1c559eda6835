#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fsutil.h"
#include "base/utf8.h"
#include "ipc/queue_msg.h"
#include "qmgr/agent_impl.h"

enum { CHUNK = 64 << 10 };

/*
 * What was passed on names who did, so that it is known when it comes back. A
 * name that a message without SMTPUTF8 cannot hold is left out: Received
 * fields are counted in any case.
 */
static void
put_forwarder(struct agent *agent)
{
	const struct message *message = agent->job->message;
	struct str name = message_rcpt(message, agent->job->rcpt[0])->forwarder;

	buf_reset(&agent->field);
	if (name.len > 0 && (message->record.smtputf8 || utf8_is_ascii(name)))
		(void)buf_addf(&agent->field, "Delivered-To: %" STR_F "\r\n",
		    STR_A(name));
	agent->unsent_field = buf_str(&agent->field);
}

int
agent_body_open(struct agent *agent, struct err *err)
{
	struct message *message = agent->job->message;
	char path[MESSAGE_LARGE_SIZE];
	struct str bytes;

	if (pool_read(message, &agent->record, &bytes, err) < 0)
		return -1;
	agent->unsent = str_sub(bytes, message->envelope_len, bytes.len);
	put_forwarder(agent);
	dot_writer_init(&agent->dots);
	agent->is_binary = message->record.body_type == QUEUE_BINARYMIME;
	agent->body_open = true;
	if (!message->record.is_large)
		return 0;
	message_large_path(path, &message->id);
	agent->large_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (agent->large_fd < 0)
		return err_sys(err, "open %s", path);
	agent->large_left = message->record.body_len;
	return 0;
}

uint64_t
agent_body_len(const struct agent *agent)
{
	return agent->unsent_field.len + agent->unsent.len + agent->large_left;
}

bool
agent_body_is_short(const struct agent *agent)
{
	return agent->large_fd < 0 && agent_body_len(agent) <= AGENT_OUT_MAX;
}

void
agent_body_put(struct agent *agent)
{
	(void)bufferevent_write(agent->bev, agent->unsent_field.p,
	    agent->unsent_field.len);
	(void)bufferevent_write(agent->bev, agent->unsent.p, agent->unsent.len);
	agent->body_open = false;
}

void
agent_body_close(struct agent *agent)
{
	if (agent->large_fd >= 0)
		(void)close(agent->large_fd);
	agent->large_fd = -1;
	agent->body_open = false;
	if (agent->record.cap > 4 * CHUNK)
		buf_clear(&agent->record);
}

/* The next bytes of the message; len 0 at its end. */
static int
next_bytes(struct agent *agent, char chunk[CHUNK], struct str *out,
    struct err *err)
{
	size_t len = CHUNK;

	if (agent->unsent_field.len > 0) {
		*out = agent->unsent_field;
		agent->unsent_field = STR("");
		return 0;
	}
	if (agent->unsent.len > 0) {
		*out = str_sub(agent->unsent, 0, CHUNK);
		str_skip(&agent->unsent, out->len);
		return 0;
	}
	if (len > agent->large_left)
		len = (size_t)agent->large_left;
	*out = str_make(chunk, len);
	if (agent->large_fd < 0 || len == 0) {
		out->len = 0;
		return 0;
	}
	if (fs_pread_all(agent->large_fd, chunk, len,
		(off_t)(agent->job->message->record.body_len -
		    agent->large_left),
		err) < 0)
		return -1;
	agent->large_left -= len;
	return 0;
}

bool
agent_body_more(struct agent *agent)
{
	struct evbuffer *output = bufferevent_get_output(agent->bev);
	char chunk[CHUNK];
	struct buf out;
	struct str part;
	struct err err;

	if (agent->state != AGENT_BODY || !agent->body_open)
		return true;
	buf_init(&out, 0);
	while (evbuffer_get_length(output) < AGENT_OUT_MAX) {
		if (next_bytes(agent, chunk, &part, &err) < 0) {
			/* cut off: the other side must not take half of it */
			buf_clear(&out);
			agent_lost(agent, err.text);
			return false;
		}
		buf_reset(&out);
		if (part.len == 0) {
			if (!agent->is_binary)
				(void)dot_write_end(&agent->dots, &out);
			agent->state = AGENT_FINAL;
			agent->body_open = false;
		} else if (agent->is_binary) {
			(void)buf_add_str(&out, part);
		} else {
			(void)dot_write(&agent->dots, &out, part);
		}
		(void)bufferevent_write(agent->bev, out.p, out.len);
		if (part.len == 0)
			break;
	}
	buf_clear(&out);
	return true;
}
