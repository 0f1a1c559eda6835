/*
 * command - the commands of the TRANSACTION state (RFC 1939 section 5), with
 * TOP and UIDL (section 7), CAPA (RFC 2449) and its PIPELINING, LANG and what
 * UTF8 before login has changed (RFC 6856).
 */
#ifndef POP3D_COMMAND_H
#define POP3D_COMMAND_H

#include "net/stream.h"
#include "pop3d/maildrop.h"
#include "pop3d/pop3d.h"

/* RFC 2449 section 4: a command line has 255 octets, CRLF included. */
enum { COMMAND_LINE_MAX = 253 };

enum command_next {
	COMMAND_GO_ON,
	COMMAND_QUIT, /* QUIT was answered */
};

#define COMMAND_AUTOLOGOUT "You were silent too long"

/* Where the client came from, and where it may go while it is silent. */
struct command_front {
	int fd; /* becomes readable when the login is void */
	/* Give the client back; false: not now. */
	bool (*park)(void *ctx, int64_t deadline);
	/* Let go of the maildrop: the next word is the last. */
	void (*leave)(void *ctx);
	void *ctx;
};

struct command_session {
	const struct pop3d_conf *conf;
	struct stream *stream;
	struct maildrop *drop;
	const struct command_front *front; /* NULL: there is none */
	int64_t deadline;          /* of the silence we woke into; 0: none */
	bool parked;               /* front has the client */
	int errors;                /* wrong commands in a row */
	size_t retrieved, deleted; /* for the log */
	uint64_t octets;
};

/* Answer one line, its CRLF taken off. Replies are left in the stream. */
enum command_next command_run(struct command_session *session, struct str line);

/* Answer "-ERR text" to what was no good, and count it. */
void command_refuse(struct command_session *session, const char *text);

/*
 * Read lines and answer them until QUIT, the end, silence or too many errors,
 * or until the session is parked. stop_fd (-1: none) becomes readable when the
 * process has to end.
 */
void command_loop(struct command_session *session, int stop_fd);

#endif
