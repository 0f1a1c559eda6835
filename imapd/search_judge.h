/*
 * search_judge - does a message meet a SEARCH program (RFC 3501 section
 * 6.4.4)?
 *
 * A message is judged by what is cheap first: the view (imapd/search_bits.h),
 * then its row, then the keys of its digest, then its bytes. With less than all
 * at hand a key may be undecided; the program as a whole often is not.
 */
#ifndef IMAPD_SEARCH_JUDGE_H
#define IMAPD_SEARCH_JUDGE_H

#include "base/err.h"
#include "imap/searchkey.h"
#include "imapd/search_text.h"
#include "imapd/selected.h"
#include "store/keys.h"

enum search_stage { BY_ROW, BY_KEYS, BY_BYTES };
enum search_verdict { VERDICT_NO, VERDICT_YES, VERDICT_UNDECIDED };

/* One message, and what is known of it so far. All borrowed. */
struct search_subject {
	enum search_stage stage;
	size_t index; /* in the view */
	const struct store_message *row;
	const struct store_keys *keys; /* NULL: it has no digest */
	struct str header[2];          /* of prefix and body */
	const struct mime_part *root;
};

struct search_judge {
	const struct selected *selected; /* borrowed */
	struct searchkey_program program;
	struct search_room room;
	enum store_keys_upto upto; /* keys of a digest that some key needs */
	struct arena *scratch;     /* of one verdict; borrowed */
	int64_t now; /* seconds since 1970, when the search began */
};

/*
 * Make the strings of the program ready: UTF-8, folded, in arena. The charset
 * is one that lib/mime knows. ERR_LIMIT.
 */
int search_judge_prepare(struct search_judge *judge, struct arena *arena,
    struct err *err);

/*
 * One key, not negated, that is neither decided by the view nor made of
 * others: is it decided before anything is read?
 */
enum search_verdict search_judge_unread(const struct searchkey *key);

/* VERDICT_UNDECIDED never at BY_BYTES. */
enum search_verdict search_judge(struct search_judge *judge,
    const struct search_subject *subject);

#endif
