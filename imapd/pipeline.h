/*
 * pipeline - APPENDs that stored has and has not answered yet.
 *
 * A client that sends one APPEND after the other would wait for a commit each.
 * So the next command is read while stored works, which it does in batches,
 * and the tagged answers follow in the order of the commands, each when its
 * message is on disk. Only APPENDs go on before the answer: whatever else is
 * to be run, said or waited for comes after pipeline_drain(), so that a later
 * command finds all that came before it done.
 *
 * Bounds: PIPELINE_MAX commands and PIPELINE_BYTES of messages under way; then
 * the next one waits for answers.
 */
#ifndef IMAPD_PIPELINE_H
#define IMAPD_PIPELINE_H

#include <stddef.h>

#include "base/err.h"

enum {
	PIPELINE_MAX = 512,
	PIPELINE_BYTES = 4 << 20,
};

struct command;
struct session;
struct store_append;
struct store_append_all;

struct pipeline;

struct pipeline *pipeline_new(void);
void pipeline_free(struct pipeline *pipeline);

/*
 * Send req to stored; cmd is answered when it is. -1: nothing was sent, and
 * cmd is the caller's to answer.
 */
int pipeline_append(struct command *cmd, const struct store_append *req,
    struct err *err);
/* The same of several messages, which have bytes together. */
int pipeline_append_all(struct command *cmd, const struct store_append_all *req,
    size_t bytes, struct err *err);

/* Wait until all are answered, and answer them. */
void pipeline_drain(struct session *session);

/* Before a read that may wait: then nobody waits for us. */
void pipeline_before_read(struct session *session);

#endif
