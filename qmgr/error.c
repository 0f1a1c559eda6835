#include "qmgr/error.h"

#include <stdio.h>

#include "qmgr/result.h"

/* status-code = class "." subject "." detail (RFC 3463 section 2) */
static bool
is_status(struct str word)
{
	struct str part;
	int parts = 0;

	if (word.len > 9 || word.len == 0 ||
	    (word.p[0] != '4' && word.p[0] != '5'))
		return false;
	while (str_split(&word, '.', &part)) {
		if (part.len == 0 || part.len > 3)
			return false;
		for (size_t i = 0; i < part.len; i++)
			if (!is_digit(part.p[i]))
				return false;
		parts++;
	}
	return parts == 3;
}

void
error_finish(struct qmgr *q, struct job *job)
{
	struct str text = str_of(job->dest->nexthop), rest = text, word;
	enum verdict verdict = VERDICT_FAILED;
	char status[16] = "5.0.0";
	int code = 554;

	if (str_split(&rest, ' ', &word) && is_status(word)) {
		(void)snprintf(status, sizeof(status), "%" STR_F, STR_A(word));
		text = str_trim(rest);
		if (word.p[0] == '4') {
			verdict = VERDICT_DEFERRED;
			code = 451;
		}
	}
	for (size_t i = 0; i < job->count; i++)
		result_set(&job->outcome[i], verdict, code, status, text);
	result_finish(q, job, "none");
}
