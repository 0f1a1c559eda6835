/*
 * exchange_impl - what the files of exchange share: exchange.c (all of it for
 * passwords, and what is common), proof.c (SCRAM and EXTERNAL).
 */
#ifndef AUTHD_EXCHANGE_IMPL_H
#define AUTHD_EXCHANGE_IMPL_H

#include "authd/exchange.h"
#include "authd/mech.h"

enum exchange_state {
	WAITS_FOR_CLIENT,
	WAITS_IN_ROW,    /* another attempt on this user is not decided yet */
	WAITS_FOR_TURN,  /* throttled; the timer runs */
	IS_CHECKED,      /* the directory is asked, or the proof looked at */
	IS_LOOKED_UP,    /* the directory is asked for what a proof needs */
	WAITS_TO_REFUSE, /* failed; the timer runs */
};

struct exchange {
	struct list link;
	struct authd *authd;
	struct ipc_peer *peer; /* NULL: who asked is gone */
	uint64_t id;
	uint16_t tag; /* of the question under way */
	enum exchange_state state;
	bool is_called; /* of those in the row it is the next */
	struct mech *mech;
	struct event *timer;
	int64_t began;   /* the last message of the client came then */
	int64_t refused; /* when a failure may be told */
	char *session, *service, *mech_name, *client;
	char *user;          /* whole and in lower case; once it is known */
	struct proof *proof; /* SCRAM, EXTERNAL; else NULL */
};

/* exchange.c. All of these but the first two may free x. */
void exchange_set_user(struct exchange *x, struct str name);
void exchange_challenge(struct exchange *x, struct str challenge);
/* The last word, without a ticket. */
void exchange_end(struct exchange *x, enum auth_status status);
void exchange_trouble(struct exchange *x, const char *why);
/* Failed: counted, and told when it is time. */
void exchange_refuse(struct exchange *x);
/* last: the mechanism's own last word, or empty. */
void exchange_accept(struct exchange *x, struct str owner,
    const struct facts *facts, struct str last);
/* All is there: when its turn has come, attempt it. */
void exchange_decide(struct exchange *x);
/* Nobody waits for it any more. */
void exchange_drop(struct exchange *x);

/* proof.c. Is this a mechanism of which it takes care? */
bool proof_is_for(const char *mech);
/* Binds x to its connection. Before proof_message(). */
void proof_begin(struct exchange *x, const struct auth_start *start);
/* What the client said; initial p NULL: nothing yet. May free x. */
void proof_message(struct exchange *x, struct str message);
/* Its turn has come. May free x. */
void proof_attempt(struct exchange *x);
void proof_free(struct proof *proof); /* NULL is fine */

#endif
