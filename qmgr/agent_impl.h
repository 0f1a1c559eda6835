/*
 * agent_impl - what the files of one agent share: agent.c the connection,
 * agent_talk.c the dialogue, agent_body.c the message's bytes.
 */
#ifndef QMGR_AGENT_IMPL_H
#define QMGR_AGENT_IMPL_H

#include "qmgr/agent.h"
#include "smtpproto/dotstuff.h"
#include "smtpproto/reply.h"

struct bufferevent;

enum agent_state {
	AGENT_GREETING,
	AGENT_LHLO,
	AGENT_IDLE, /* states above: the connection is ready */
	AGENT_ENVELOPE,
	AGENT_BODY,  /* being sent; no reply is due yet */
	AGENT_FINAL, /* sent; a reply a recipient */
	AGENT_RSET,
};

enum {
	AGENT_RELAY_SIZE = 320,
	AGENT_OUT_MAX = 256 << 10, /* bytes of a message on their way */
};

struct agent {
	struct list link; /* of its transport's idle or busy */
	struct transport *transport;
	struct bufferevent *bev;
	struct event *refused; /* the connection was: from the loop */
	int error;             /* and why, an errno */
	enum agent_state state;
	struct job *job; /* NULL: idle, or about to be freed */
	struct smtp_reply reply;
	bool pipelining, eightbit, smtputf8, size, dsn, xchancery;
	bool chunking, binary; /* RFC 3030; both: BINARYMIME can be sent */
	unsigned served;       /* transactions */
	size_t sent; /* commands of the envelope: MAIL, RCPTs, DATA or BDAT */
	size_t answered;     /* and their replies */
	size_t accepted;     /* recipients */
	size_t final_at;     /* AGENT_FINAL: whose reply is next */
	char site_text[600]; /* not "": the site failed, says this reply */
	char relay[AGENT_RELAY_SIZE]; /* whom it spoke to; "": not said */
	char *last;        /* owned: the next hop of its last job; NULL: none */
	struct buf record; /* of the message, from the log */
	struct str unsent; /* of it */
	struct buf field;  /* Delivered-To, which goes before it */
	struct str unsent_field;
	int large_fd; /* its body; -1 none */
	uint64_t large_left;
	bool body_open;
	struct dot_writer dots;
	bool is_binary;    /* the job's message: as it is, by BDAT */
	bool is_at_once;   /* it goes along with the envelope, by BDAT */
	unsigned unwanted; /* AGENT_RSET: replies before that to RSET */
};

void agent_relay(const struct agent *agent, char out[AGENT_RELAY_SIZE]);
/* The connection is of no use any more. Frees the agent. */
void agent_lost(struct agent *agent, const char *why);
/* All recipients of the job have an outcome. */
void agent_transaction_done(struct agent *agent);

/* Begin the job's transaction. */
void agent_begin(struct agent *agent);
/* A reply is whole. false: the agent was freed. */
bool agent_reply(struct agent *agent);

/* What is left of an opened message, in bytes. */
uint64_t agent_body_len(const struct agent *agent);
/*
 * Open the message: 0, or -1 with err set. agent_body_more puts as much of it
 * into the connection as fits in its buffer, and the final dot. false: the
 * message could not be read on, and the agent was freed.
 */
int agent_body_open(struct agent *agent, struct err *err);
bool agent_body_more(struct agent *agent);
/* May all of it be put there at once, by BDAT? Then do so. */
bool agent_body_is_short(const struct agent *agent);
void agent_body_put(struct agent *agent);
void agent_body_close(struct agent *agent);

#endif
