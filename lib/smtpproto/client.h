/*
 * client - a small blocking SMTP (RFC 5321) or LMTP (RFC 2033) client over a
 * connected descriptor: for tests and for tools that hand in one message.
 *
 * Ownership: the descriptor is the caller's; the client owns its buffers.
 * Bounds: replies as reply.h says; a command 2048 octets. Every wait ends
 * after the timeout with ERR_TEMP.
 */
#ifndef SMTPPROTO_CLIENT_H
#define SMTPPROTO_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "smtpproto/reply.h"

enum { SMTP_COMMAND_MAX = 2048 };

struct smtp_client {
	int fd;         /* borrowed */
	int timeout_ms; /* for each wait */
	struct buf in;  /* read, not yet taken */
	struct buf out; /* not yet sent */
	struct smtp_reply reply;
};

void smtp_client_init(struct smtp_client *client, int fd, int timeout_ms);
void smtp_client_clear(struct smtp_client *client);

/*
 * Put a command (without CR LF) behind those not sent yet: call it several
 * times to pipeline (RFC 2920). ERR_SYNTAX: a CR or LF in it.
 */
int smtp_client_queue(struct smtp_client *client, struct err *err,
    const char *fmt, ...) PRINTFLIKE(3, 4);
/* Put a message with CR LF lines, dots doubled, and the final dot. */
int smtp_client_queue_data(struct smtp_client *client, struct str message,
    struct err *err);
/* Send what is queued, then read one reply into client->reply. */
int smtp_client_reply(struct smtp_client *client, struct err *err);

/* smtp_client_queue and smtp_client_reply: the code, or -1. */
int smtp_client_command(struct smtp_client *client, struct err *err,
    const char *fmt, ...) PRINTFLIKE(3, 4);

#endif
