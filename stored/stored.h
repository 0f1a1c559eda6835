/*
 * stored - the daemon: who is connected, what they wait for, what they watch.
 */
#ifndef STORED_STORED_H
#define STORED_STORED_H

#include <event2/event.h>

#include "auth/ticket.h"
#include "auth/voids.h"
#include "base/hash.h"
#include "ipc/server.h"
#include "ipc/store_msg.h"
#include "kv/pin.h"
#include "service/daemon.h"
#include "store/verify.h"
#include "stored/engine.h"

enum {
	STORED_EDGES_MAX = 12,
	STORED_LARGE_MAX = 8,    /* files a client may have open */
	STORED_CREDIT = 8 << 20, /* bytes of requests a client may have open */
};

/* What the client of an edge may ask for. */
enum {
	ROLE_DELIVER = 1 << 0, /* append to anybody */
	ROLE_QUEUE = 1 << 1,   /* settle deliveries */
	ROLE_SESSION = 1 << 2, /* after a hello, for its user */
	ROLE_ADMIN = 1 << 3,   /* anything that carries a user's name */
	ROLE_QUOTA = 1 << 5,   /* ask who is over quota */
	ROLE_FRONT = 1 << 4,   /* follow mailboxes of parked sessions */
	ROLE_VOID = 1 << 6,    /* say whose tickets are void */
};

/* Requests go interactive ones first. */
enum { LANE_SESSION, LANE_BULK, LANES };

enum stored_stat {
	STAT_CLIENTS,
	STAT_REQUESTS,
	STAT_BATCHES,
	STAT_MESSAGES,
	STAT_NOTICES,
	STAT_COMMIT_TIME,
	STAT_BYTES_MOVED,
	STAT_PACKS_REMOVED,
};

struct stored_conf {
	size_t index_size, segment_size, large_size, message_limit;
	int pin_max_age, expunge_keep, tombstone_keep; /* seconds */
	size_t upkeep_rate;                            /* bytes a second */
	int upkeep_interval, compact_below;            /* seconds, percent */
	const char *ticket_key_file, *quota_warning;
};

struct stored {
	struct stored_conf conf;
	struct daemon *daemon;
	struct engine *engine;
	struct kv_pins *pins;
	struct ticket_verifier *verifier; /* NULL: no key, no sessions */
	struct voids *voids;              /* tickets that are not good */
	struct ipc_listener *listener[STORED_EDGES_MAX];
	size_t listeners;
	struct list lane[LANES]; /* struct request */
	struct list clients;
	struct event *batch_event, *step_event, *check_event, *idle_event,
	    *prune_event;
	bool is_batch_due;
	struct hash *watched; /* by user or mailbox id: struct watch_list */
	struct verify_job *verify;
	struct upkeep *upkeep;
};

/* An open file of folder "large" that its client has not named yet. */
struct client_large {
	uint64_t token; /* 0: free */
	int fd;
	char name[ENGINE_LARGE_NAME];
};

struct client {
	struct list link;
	struct stored *stored;
	struct ipc_peer *peer;
	unsigned roles;
	bool is_held, is_greeted;
	struct store_who who; /* user 0 before the hello */
	int64_t issued;       /* of its ticket; seconds since 1970 */
	struct arena *arena;  /* of who */
	size_t open_cost;     /* of its requests */
	struct kv_pin_slot *pin;
	bool wants_pin;
	pid_t pid;
	int64_t connected;  /* monotonic */
	int64_t complained; /* about its pin, monotonic; 0: never */
	struct list watches;
	uint64_t next_token;
	struct client_large large[STORED_LARGE_MAX];
};

/* client.c: connections and their requests. */
extern const struct ipc_peer_ops client_ops;
/* A request's turn is over: answer and free it. */
void client_answer(struct stored *stored, struct request *request);

/* serve.c: batches. */
void serve_add(struct stored *stored, struct request *request, int lane);
int serve_start(struct stored *stored, struct err *err);
void serve_stop(struct stored *stored);

/* client_large.c: bodies by descriptor. */
void client_large_open(struct client *client, uint16_t tag,
    const struct store_large *in);
/* Move the file of a token into request. false: no such token. */
bool client_large_take(struct client *client, uint64_t token,
    struct request *request);
void client_large_clear(struct client *client);

#endif
