/*
 * append_all - several messages into one mailbox, all or none: those of one
 * request, and uploads that are there already.
 */
#ifndef STORED_APPEND_ALL_H
#define STORED_APPEND_ALL_H

#include "stored/append.h"
#include "stored/target.h"

request_fn append_all_run; /* store_append_all */

/* One of them. */
struct append_item {
	const struct ipc_list *keywords; /* struct store_word */
	struct append_row row; /* its keywords are set by append_all_check() */
};

/*
 * May they go there? Takes out the flags that whoever asks may not set (RFC
 * 4314 section 4). 1, or 0 refused; target is as target_find() has it.
 */
int append_all_check(struct change *change, struct request *request,
    const struct target *target, struct append_item *item, size_t count);
/* Their rows, under UIDs that follow each other; *first is the first. */
int append_all_put(struct change *change, struct request *request,
    struct open_mbox *mbox, const struct append_item *item, size_t count,
    uint32_t *first, struct err *err);

#endif
