/*
 * content - what RETR and TOP send of a message: the bytes as they are in the
 * store, or, for a client that did not say UTF8 (RFC 6856 section 2.1), the
 * surrogate of a message whose header is beyond ASCII (mime/surrogate.h).
 */
#ifndef POP3D_CONTENT_H
#define POP3D_CONTENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "pop3d/maildrop.h"
#include "store/message.h"

struct content {
	struct str *piece; /* one after the other */
	size_t count;
	uint64_t size;   /* of all pieces */
	uint64_t header; /* the header among that, with its empty line */
	/* The rest is what the pieces lie in. */
	struct str whole[2];
	struct store_body body;
	struct buf prefix;
	struct arena *arena;
};

/*
 * Open message item of drop, and note in item what was found out: its size as
 * it is sent, or that it is refused (ERR_LIMIT: it has no surrogate).
 * ERR_NOENT: it is gone; ERR_TEMP; ERR_CORRUPT. On failure nothing is open.
 */
int content_open(struct content *content, const struct maildrop *drop,
    struct maildrop_item *item, struct err *err);
void content_close(struct content *content);

/*
 * Make the sizes right of what may have a surrogate and was not looked at
 * yet. What cannot be read keeps the size it has in the store.
 */
void content_measure(const struct maildrop *drop);

/* Are all of them known? */
bool content_is_measured(const struct maildrop *drop);

#endif
