/*
 * modifier - what stands in parentheses behind SELECT, FETCH and STORE (RFC
 * 4466 sections 2.1, 2.4 and 2.5), as CONDSTORE and QRESYNC use it (RFC 7162
 * section 7).
 *
 * Ownership: sets live in the arena.
 * Bounds: those of imap/seqset.h.
 * Errors: ERR_SYNTAX (also for what we do not know), ERR_LIMIT.
 */
#ifndef IMAP_MODIFIER_H
#define IMAP_MODIFIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "imap/seqset.h"

/*
 * mod-sequence-valzer = "0" / mod-sequence-value: 63 bits. We take 0 wherever
 * a mod-sequence stands: it is what a client has that knows nothing yet.
 */
int modifier_modseq(struct str *in, uint64_t *out, struct err *err);

/* select-param-qresync: what a client knows of a mailbox. */
struct modifier_qresync {
	uint32_t uidvalidity;
	uint64_t modseq;
	bool has_uids;
	struct seqset uids; /* known-uids */
	/* seq-match-data: the i-th number had the i-th UID; as many in both */
	struct seqset match_seq, match_uid;
};

struct modifier_select {
	bool condstore, qresync;
	struct modifier_qresync resync;
};

/* [SP "(" select-param *(SP select-param) ")"] */
int modifier_parse_select(struct arena *arena, struct str *in,
    struct modifier_select *out, struct err *err);

struct modifier_fetch {
	bool changed, vanished; /* vanished only with changed */
	uint64_t since;
};

/* [SP "(" fetch-modifier *(SP fetch-modifier) ")"] */
int modifier_parse_fetch(struct str *in, struct modifier_fetch *out,
    struct err *err);

/* [SP "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"] */
struct modifier_store {
	bool conditional;
	uint64_t since;
};

int modifier_parse_store(struct str *in, struct modifier_store *out,
    struct err *err);

#endif
